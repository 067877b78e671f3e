import Testing

@testable import Gates

@Suite struct `Figures in a report` {
  @Test(arguments: [
    (0.0, "0"), (1, "1"), (0.826512345, "0.82651"), (-0.0023649, "-0.00236"), (0.00068851, "0.0006885"),
    (0.12, "0.12"), (36.0436533, "36.04365"), (2.220446049250313e-16, "2.220446049250313e-16"),
    (1e12, "1000000000000.0"),
  ])
  func `are short and never rounded to nothing`(value: Double, text: String) {
    #expect(Figures.text(value) == text)
  }

  @Test func `show confidence in percent`() {
    #expect(Figures.percent(0.95) == "95 %")
    #expect(Figures.percent(0.999) == "99.9 %")
  }
}
