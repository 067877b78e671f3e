"""What the real models are given: packages' own inputs, recorded; sounds, pictures and random numbers."""

import contextlib
import importlib.util
import os
import wave
import zlib

import numpy as np
import onnxruntime
from PIL import Image, ImageDraw, ImageFont
from scipy import signal
from sklearn import datasets

RATE = 16000
TYPES = {"tensor(float)": np.float32, "tensor(int32)": np.int32, "tensor(int64)": np.int64}


def options(plain=False):
    """One thread; `plain` has the nodes run as the file lists them, without fusions."""
    made = onnxruntime.SessionOptions()
    made.intra_op_num_threads = 1
    made.log_severity_level = 3
    if plain:
        made.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return made


def session(path, plain=False):
    return onnxruntime.InferenceSession(path, options(plain), providers=["CPUExecutionProvider"])


def answer(path, inputs):
    """What ONNX Runtime gives, for inputs that come out of another model."""
    return session(path).run(None, inputs)


@contextlib.contextmanager
def recorded():
    """Keeps what a package's own code gives to ONNX Runtime: pairs of a model's file name and its inputs."""
    calls = []
    real = onnxruntime.InferenceSession

    class Recorder(real):
        def __init__(self, path, *rest, **named):
            super().__init__(str(path), *rest, **named)
            self.file = os.path.basename(str(path))

        def run(self, names, inputs, *rest, **named):
            # Some give lists, which ONNX Runtime makes into what the model declares.
            types = {value.name: TYPES.get(value.type) for value in self.get_inputs()}
            calls.append((self.file, {name: np.array(value, types[name]) for name, value in inputs.items()}))
            return super().run(names, inputs, *rest, **named)

    onnxruntime.InferenceSession = Recorder
    try:
        yield calls
    finally:
        onnxruntime.InferenceSession = real


def module(folder, path):
    """One file of a package whose `__init__` wants packages that are not there."""
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], os.path.join(folder, path))
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


class Random:
    """Numbers that depend on nothing but the name they are made for."""

    def __init__(self, name):
        self.source = np.random.default_rng(zlib.crc32(name.encode()))

    def normal(self, *shape, scale=1.0):
        return (self.source.standard_normal(shape) * scale).astype(np.float32)

    def whole(self, low, high, *shape, type=np.int64):
        return self.source.integers(low, high, shape).astype(type)


def word(folder):
    """A word that pipecat ships: 0.7 s at 16 kHz."""
    with wave.open(os.path.join(folder, "pipecat/services/aws/nova_sonic/ready.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return (samples / 32768).astype(np.float32)


def speech(folder, seconds):
    """The word again and again, higher and lower, with pauses and a little noise."""
    once, parts, length = word(folder), [], 0
    source = np.random.default_rng(7)
    for step in (50, 43, 61, 47):
        said = signal.resample_poly(once, step, 50)
        parts += [said, np.zeros(RATE // 5)]
    said = np.concatenate(parts)
    said = np.tile(said, int(seconds * RATE / len(said)) + 1)[: int(seconds * RATE)]
    return (said + source.normal(0, 1e-3, len(said))).astype(np.float32)


def resampled(samples, rate):
    return signal.resample_poly(samples, rate // 100, RATE // 100).astype(np.float32)


def mel_spectrogram(samples, rate, size, hop, bands):
    """As librosa has it by default, in decibels of the loudest, as speechmos scales them; [frames, bands]."""
    padded = np.pad(samples.astype(np.float64), size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    power = np.abs(np.fft.rfft(frames * signal.get_window("hann", size))) ** 2

    def hertz(mel):
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))

    top = 15 + np.log(rate / 2 / 1000) * 27 / np.log(6.4)
    edges, places = hertz(np.linspace(0, top, bands + 2)), np.fft.rfftfreq(size, 1 / rate)
    rise = (places - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - places) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    mel = power @ filters.T
    decibels = 10 * np.log10(np.maximum(mel, 1e-10)) - 10 * np.log10(max(mel.max(), 1e-10))
    return ((np.maximum(decibels, -80) + 40) / 40).astype(np.float32)


PAGE = ["Reconcile the fleet", "Total 1,234.56 EUR", "ONNX Runtime 1.31.1", "do not wait for the bell"]


def page(lines=PAGE, size=(480, 320), letters=32):
    """A white page with dark lines of text."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    step = size[1] // (len(lines) + 1)
    for place, line in enumerate(lines):
        draw.text((20, 20 + place * step), line, fill=(20, 30, 40), font=ImageFont.load_default(letters))
    return image


def line(text, letters=36):
    """One line of text, cut out closely."""
    font = ImageFont.load_default(letters)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("RGB", (right - left + 16, bottom - top + 12), "white")
    ImageDraw.Draw(image).text((8 - left, 6 - top), text, fill=(10, 10, 60), font=font)
    return image


def photo(name):
    """A photograph that scikit-learn ships: china.jpg or flower.jpg, 640 x 427."""
    return Image.fromarray(datasets.load_sample_image(name))


def channels(image, mean=0.5, deviation=0.5):
    """[1, 3, height, width], blue first as OpenCV reads pictures."""
    pixels = np.asarray(image.convert("RGB"), np.float32)[:, :, ::-1] / 255
    return np.ascontiguousarray(((pixels - mean) / deviation).transpose(2, 0, 1)[None]).astype(np.float32)
