"""Texts, files' bytes and molecules."""

import json
import os

import numpy as np

from real_inputs import Random, answer, recorded, session
from real_listing import Listing

MODELS = Listing()


# Two layers take the variance as a difference of squares, which cancels.
@MODELS.add("magika", "magika/models/standard_v3_3/model.onnx", "the type of a file, from its bytes", atol=2e-5)
def _(packages, path):
    random = Random("magika")
    for batch in (1, 4):
        yield f"random, batch of {batch}", {"bytes": random.whole(0, 257, batch, 2048, type=np.int32)}
    import magika
    with open(__file__, "rb") as file:
        source = file.read()
    with open(os.path.join(packages, "magika/config/content_types_kb.min.json"), "rb") as file:
        table = file.read()
    with recorded() as calls:
        model = magika.Magika()
        for content in (source, table[:20000], source[:40] * 3, bytes(range(256)) * 20):
            model.identify_bytes(content)
    for _, inputs in calls:
        yield "a file", inputs


ARABIC = ["بسم الله الرحمن الرحيم", "ذهب الولد إلى المدرسة صباحا ثم عاد إلى البيت"]


# Scores of 10 and more; a number rounded the other way is off by a step in the next layer.
def tashkeel(name, model, file, high, **judged):
    @MODELS.add(name, f"text2tashkeel/models/{file}", "vowel signs for Arabic, dynamically quantized LSTM", **judged,
                by_node=True)
    def _(packages, path):
        random, given = Random(name), session(path).get_inputs()[0].name
        for shape in ((1, 1), (1, 33)):
            yield f"random, {shape}", {given: random.whole(1, high, *shape)}
        import text2tashkeel
        with recorded() as calls:
            diacritizer = text2tashkeel.Diacritizer(model)
            for sentence in ARABIC:
                diacritizer.diacritize(sentence)
        for used, inputs in calls:
            assert used == file
            yield "a sentence", inputs


tashkeel("tashkeel-rawi", "rawi-int8", "rawi.int8.onnx", 60, atol=0.1, classes=True)
tashkeel("tashkeel-rawi-v2", "rawi-v2-int8", "rawi_v2.int8.onnx", 60, atol=0.05, classes=True)
tashkeel("tashkeel-rawi-v3", "rawi-v3-int8", "rawi_v3.int8.onnx", 60, atol=1e-5)
tashkeel("tashkeel-ensemble", "rawi-ensemble", "rawi_ensemble.int8.onnx", 60)
# Its attention passes such steps on, as the package says too.
tashkeel("tashkeel-bilstm", "bilstm-int8", "bilstm.int8.onnx", 50, atol=0.3, classes=True)

THAI = "ฉันไปโรงเรียนทุกวันจันทร์ถึงวันศุกร์ เวลา 8 โมงเช้า"


@MODELS.add("deepcut", "lekcut/model/deepcut.onnx", "words of Thai text")
def _(packages, path):
    random = Random("deepcut")
    for count in (1, 40):
        yield f"random, {count} letters", {
            "input_1": random.whole(0, 170, count, 21, type=np.float32),
            "input_2": random.whole(0, 12, count, 21, type=np.float32)}
    import lekcut.deepcut
    with recorded() as calls:
        lekcut.deepcut.tokenize(THAI)
    yield "a sentence", calls[0][1]


@MODELS.add("attacut-c", "lekcut/model/attacut-c.onnx", "words of Thai text, fast")
def _(packages, path):
    for count in (1, 50):
        yield f"random, {count} letters", {"input": Random("attacut-c").whole(0, 100, 1, count)}
    import lekcut.attacut
    with recorded() as calls:
        lekcut.attacut.tokenize(THAI, model="attacut-c")
    yield "a sentence", calls[0][1]


@MODELS.add("oskut", "lekcut/model/oskut-ws.onnx", "words of Thai text, with attention")
def _(packages, path):
    random = Random("oskut")
    import lekcut.deepcut
    letters, kinds = (value.astype(np.float32) for value in lekcut.deepcut.create_feature_array(THAI))
    for label, count in (("random, 1 letter", 1), ("random, 30 letters", 30)):
        yield label, {
            "input1": random.whole(0, 170, count, 21, type=np.float32),
            "input2": random.whole(0, 12, count, 21, type=np.float32), "input3": random.normal(count, 21)}
    first = answer(os.path.join(packages, "lekcut/model/deepcut.onnx"), {"input_1": letters, "input_2": kinds})[0]
    likely = np.clip(np.concatenate([1 - first, first], axis=1), 1e-15, None)
    added = np.zeros((len(first), 21), np.float32)
    added[:, 0], added[:, 1] = -(likely * np.log(likely)).sum(axis=1), first[:, 0]
    yield "a sentence", {"input1": letters, "input2": kinds, "input3": added}


# Half precision: scores of 8 and more have steps of 2^-7 and more, and such a step is 0.8 % of a probability.
@MODELS.add("slovorez", "slovorez/models/slovorez-test/slovorez-test.onnx", "morphemes of Russian, half precision",
            rtol=1e-2)
def _(packages, path):
    for shape in ((1, 64), (3, 20)):
        yield f"random, {shape}", {"input_layer": Random("slovorez").whole(0, 49, *shape, type=np.int32)}
    letters = {letter: place for place, letter in enumerate("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", 2)}
    words = [[letters[letter] for letter in word] for word in ("переподготовка", "водопроводчик")]
    yield "two words", {"input_layer": np.array([word + [0] * (64 - len(word)) for word in words], np.int32)}


# C-C-O and an oxidant give C-C=O and the oxidant's rest: the element, the bonds, the bonds between any two.
SIDES = {2: ([6, 6, 8], [(0, 1), (1, 2)]), 3: ([6, 6, 8], [(0, 1), (1, 2)])}


@MODELS.add("rxnmap", "chython_rxnmap/rxnmap.onnx", "which atoms of a reaction are the same")
def _(packages, path):
    random = Random("rxnmap")
    for count in (5, 40):
        yield f"random, {count} atoms", {
            "atoms": random.whole(3, 110, 1, count), "neighbors": random.whole(2, 8, 1, count),
            "distances": random.whole(1, 12, 1, count, count), "roles": random.whole(2, 4, 1, count)}
    atoms, neighbors, roles = [1], [0], [0]
    count = 1 + sum(len(elements) for elements, _ in SIDES.values())
    distances = np.ones((count, count), np.int64)
    for role, (elements, bonds) in SIDES.items():
        first, size = len(atoms), len(elements)
        steps = np.full((size, size), 9)
        np.fill_diagonal(steps, 0)
        for one, other in bonds:
            steps[one, other] = steps[other, one] = 1
        for through in range(size):
            steps = np.minimum(steps, steps[:, [through]] + steps[[through]])
        distances[first: first + size, first: first + size] = steps + 2
        atoms += [element + 2 for element in elements]
        neighbors += [int((steps[place] == 1).sum()) + 2 for place in range(size)]
        roles += [role] * size
    yield "a reaction", {
        "atoms": np.array([atoms]), "neighbors": np.array([neighbors]), "distances": distances[None],
        "roles": np.array([roles])}


TITLER = "traceforge_title_model/data/span/"
SENTENCES = ["Ran the unit tests and fixed the failing date parser.", "Read the log of the build."]


def tokens(packages, text):
    """The likeliest pieces, as SentencePiece's unigram model has it, with the end mark."""
    with open(os.path.join(packages, TITLER + "tokenizer.json")) as file:
        pieces = {piece: (place, score) for place, (piece, score) in enumerate(json.load(file)["model"]["vocab"])}
    text = "▁" + text.replace(" ", "▁")
    best = [(0.0, [])] + [None] * len(text)
    for end in range(1, len(text) + 1):
        for start in range(max(0, end - 20), end):
            if best[start] is not None and text[start:end] in pieces:
                place, score = pieces[text[start:end]]
                if best[end] is None or best[start][0] + score > best[end][0]:
                    best[end] = best[start][0] + score, best[start][1] + [place]
    return best[-1][1] + [1]


def encoder_sets(packages):
    random = Random("titler")
    for batch, count in ((1, 12), (2, 7)):
        yield f"random, batch of {batch}", {
            "input_ids": random.whole(3, 32000, batch, count), "attention_mask": np.ones((batch, count), np.int64)}
    for label, sentences in (("a sentence", SENTENCES[1:]), ("two sentences", SENTENCES)):
        rows = [tokens(packages, sentence) for sentence in sentences]
        width = max(map(len, rows))
        yield label, {
            "input_ids": np.array([row + [0] * (width - len(row)) for row in rows]),
            "attention_mask": np.array([[1] * len(row) + [0] * (width - len(row)) for row in rows])}


# A number rounded the other way is off by a step in the next layer.
@MODELS.add("titler-encoder", TITLER + "encoder.onnx", "T5's encoder, dynamically quantized", atol=2e-2, by_node=True)
def _(packages, path):
    yield from encoder_sets(packages)


@MODELS.add("titler-decoder", TITLER + "decoder.onnx", "T5's decoder, dynamically quantized")
def _(packages, path):
    encoder, runner = session(os.path.join(packages, TITLER + "encoder.onnx")), session(path)
    random = Random("decoder")
    for label, inputs in encoder_sets(packages):
        known = {"encoder_hidden_states": encoder.run(None, inputs)[0],
                 "encoder_attention_mask": inputs["attention_mask"]}
        batch = len(inputs["input_ids"])
        said = np.zeros((batch, 1), np.int64)
        if label.startswith("random"):
            yield label, known | {"input_ids": random.whole(3, 32000, batch, 4)}
            continue
        for _ in range(3):
            given = known | {"input_ids": said}
            yield label, given
            said = np.concatenate([said, runner.run(None, given)[0][:, -1].argmax(axis=1)[:, None]], axis=1)
