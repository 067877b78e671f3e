import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected answers are those of RE2 (google-re2 1.1).
@Suite struct `Patterns` {
  @Test(
    arguments: [
      ("\\p{Greek}+", ["\u{391}\u{3c9}"], ["a", "\u{430}"]),
      ("[\\p{Han}\\p{Hiragana}]+", ["\u{6f22}\u{3042}"], ["\u{30a2}"]),
      ("\\P{Latin}\\p{^Cyrillic}", ["1a"], ["a1", "1\u{430}"]),
      ("a", ["a"], ["b", "", "aa"]),
      ("", [""], ["a"]),
      ("abc|d", ["abc", "d"], ["ab", "abcd"]),
      ("a*b+c?", ["b", "aabbc"], ["ac", "aabcc"]),
      ("(ab)*", ["", "ab", "abab"], ["aba"]),
      ("[a-c]+", ["abc"], ["abd", ""]),
      ("[^a-c]+", ["xyz\n", "é"], ["xa"]),
      ("[]a]+", ["]a"], ["b"]),
      ("[^]a]", ["b"], ["]"]),
      ("[a-]+", ["a-a"], ["b"]),
      ("\\d{3}-\\d{4}", ["555-1234"], ["5555-123", "٣٣٣-٣٣٣٣"]),
      ("\\w+@\\w+\\.(com|org)", ["a_1@b.com"], ["a@b.net", "a@b.org "]),
      (".", ["é", "a", "👍"], ["\n", "e\u{301}"]),
      ("(?s).", ["\n"], []),
      ("(?s).*", ["a\nb"], []),
      ("^abc$", ["abc"], ["abc\n"]),
      ("(?m)a$\\n^b", ["a\nb"], []),
      ("a$b", [], ["ab"]),
      ("\\Aab\\z", ["ab"], []),
      ("a\\b.\\bb", ["a b", "a-b"], ["acb"]),
      ("a\\Bb", ["ab"], []),
      ("\\b", [], ["", "a"]),
      ("\\B", [""], []),
      ("(?i)straße", ["STRAßE", "Straẞe"], ["strasse"]),
      ("(?i)k", ["K", "\u{212a}", "k"], []),
      ("(?i)[k]", ["\u{212a}"], []),
      ("(?i)[^k]", ["j"], ["K", "\u{212a}"]),
      ("(?i)\\W", ["-"], ["k", "s", "\u{212a}"]),
      ("(?i)s", ["\u{17f}"], []),
      ("(?i)å", ["Å", "\u{212b}"], []),
      ("(?i)[а-я]+", ["ПРИВЕТ", "привет"], ["abc"]),
      ("(?i)µ", ["μ", "Μ"], []),
      ("(?i:a)b", ["Ab", "ab"], ["AB"]),
      ("(?i)a(?-i)b", ["Ab"], ["AB"]),
      ("((?i)a)b", ["Ab"], ["AB"]),
      ("(?i)a|b", ["B", "A"], []),
      ("a{2,3}", ["aa", "aaa"], ["a", "aaaa"]),
      ("a{2,}", ["aaaaa"], ["a"]),
      ("a{0}", [""], ["a"]),
      ("a{,2}", ["a{,2}"], ["a"]),
      ("a{", ["a{"], []),
      ("a{1", ["a{1"], []),
      ("{", ["{"], []),
      ("x{0,2}y", ["y", "xxy"], ["xxxy"]),
      ("(a{2}){2}", ["aaaa"], ["aaa"]),
      ("(a|b){3}", ["aba"], ["ab"]),
      ("(a*)*", ["", "aaa"], ["b"]),
      ("(a*)+b", ["aaab", "b"], ["c"]),
      ("(a|b)*?c", ["ababc"], []),
      ("(a?){5}a{5}", ["aaaaa", "aaaaaaaaaa"], ["aaaa"]),
      ("(|a)+", ["", "aa"], []),
      ("(?:a|ab)(?:c|bcd)", ["abcd", "ac", "abc"], []),
      ("\\x41\\x{1F44D}\\101\\07", ["A👍A\u{7}"], []),
      ("\\t\\n\\r\\f\\v\\a", ["\t\n\r\u{c}\u{b}\u{7}"], []),
      ("\\Qa.b*\\E+", ["a.b*", "a.b**"], ["aab"]),
      ("\\Q", [""], []),
      ("\\Qab", ["ab"], []),
      ("\\.\\*\\-\\/\\_", [".*-/_"], []),
      ("[[:alpha:]]+", ["abc"], ["a1", "é"]),
      ("[[:^digit:]]", ["a"], ["1"]),
      ("[[:word:][:space:]]+", ["a b_"], ["-"]),
      ("[\\d\\s]+", ["1 2"], ["a"]),
      ("[\\D]", ["a"], ["1"]),
      ("[^\\D]", ["1"], ["a"]),
      ("\\s+", [" \t\n"], ["\u{b}", "\u{a0}"]),
      ("[[:space:]]", ["\u{b}"], []),
      ("\\pL+", ["aé漢"], ["1"]),
      ("\\p{Lu}\\p{Ll}+", ["Été"], ["été"]),
      ("\\PL", ["1"], ["a"]),
      ("\\p{^L}", ["1"], ["a"]),
      ("\\P{^L}", ["a"], []),
      ("[\\p{Nd}_]+", ["٣_3"], ["x"]),
      ("(?i)\\p{Lu}", ["a"], ["1"]),
      ("\\p{Any}", ["\n"], []),
      ("(?P<name>a)(?<other>b)", ["ab"], []),
      ("[\\x{3040}-\\x{309F}]+", ["ひらがな"], ["カ"]),
      ("[\\n]", ["\n"], []),
      ("[a\\]b]+", ["a]b"], []),
      ("[\\^a]", ["^"], []),
      ("^*a", ["a"], []),
      ("(^a|b$)*", ["a", "b", "ab"], []),
      ("(?U)a+?", ["aaa"], []),
      ("a||b", ["", "a", "b"], []),
      ("(a|)", ["", "a"], []),
      ("a.?c", ["ac", "abc"], ["abbc"]),
      ("[-a]", ["-"], []),
      ("[a-z&&[^b]]", ["a]"], []),
      ("[.*]", [".", "*"], ["a"]),
      ("\\0", ["\u{0}"], []),
      ("[\\s\\S]*", ["a\nb"], []),
      ("\\$\\^", ["$^"], []),
      ("[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}", ["user.name+tag@example.co.uk"], ["no-at.example.com"]),
      ("(https?|ftp)://[^\\s/$.?#].[^\\s]*", ["https://example.com/x?y=1"], ["http:// a"]),
      ("(25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}", ["192.168.0.255"], ["192.168.0.256"]),
    ] as [(String, [String], [String])])
  func `match whole texts and no others`(pattern: String, matching: [String], others: [String]) throws {
    var matcher = PatternMatcher(try Pattern(pattern))
    #expect(matching.filter { !matcher.matches($0) } == [])
    #expect(others.filter { matcher.matches($0) } == [])
  }

  @Test(
    arguments: [
      "*a", "(", ")", "a)", "(a", "[a", "[]", "[b-a]", "a**", "a*{2}", "a{2}{3}", "a{1001}", "a{3,2}", "\\1", "(a)\\1",
      "(?=a)", "(?<=a)", "(?<!a)", "(?!a)", "(?>a)", "\\Z", "\\G", "\\q", "\\8", "\\x", "\\xg0", "\\x{}", "\\x{110000}",
      "[[:foo:]]", "\\p{Foo}", "(?z)", "(?P<>a)", "(?P=n)", "\\", "a++", "[a-\\d]", "(?i)*", "(?", "(?P<n", "\\p",
      "a|*", "\\p{L", "((a{100}){100}){100}",
    ])
  func `refuse what is no expression`(pattern: String) {
    #expect(throws: TensorError.self) { try Pattern(pattern) }
  }

  @Test(arguments: ["\\p{Ogham}", "\\C"])
  func `say what is not read`(pattern: String) {
    let error = #expect(throws: TensorError.self) { try Pattern(pattern) }
    #expect(error?.code == .unsupported)
  }

  @Test func `cost no more than text times pattern`() throws {
    // Each of these takes exponential time, memory or depth when done naively.
    var matcher = PatternMatcher(try Pattern("(a?){30}(a+)+(a|aa)*b"))
    let isMatch = matcher.matches(String(repeating: "a", count: 2_000))
    #expect(!isMatch)
    _ = try Pattern(String(repeating: "(", count: 150) + "a" + String(repeating: ")", count: 150))
    _ = try Pattern("((((){1000}){1000}){1000}){1000}")
    #expect(throws: TensorError.self) { try Pattern("((((a?){1000}){1000}){1000}){1000}") }
    #expect(throws: TensorError.self) { try Pattern(String(repeating: "(", count: 10_000)) }
    #expect(throws: TensorError.self) { try Pattern(String(repeating: "a", count: 100_000)) }
    _ = try Pattern("(?i)" + String(repeating: "k", count: 20_000))
  }

  @Test func `are compiled with the model and answer for each element`() throws {
    let texts = try Tensor(shape: [2, 2], strings: ["a1", "b", "", "c22"])
    let answer = try run("RegexFullMatch", opset: 20, [texts], [("pattern", .string("[a-c]\\d+"))])[0]
    #expect(answer.shape == [2, 2])
    #expect(try answer.bools() == [true, false, false, true])
    #expect(throws: TensorError.self) { try run("RegexFullMatch", opset: 20, [texts]) }
  }
}
