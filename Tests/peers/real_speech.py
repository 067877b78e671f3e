"""Speech and music: who speaks, what wakes, how it sounds, which note."""

import os

import numpy as np

from real_inputs import RATE, Random, answer, mel_spectrogram, module, resampled, session, speech, word
from real_listing import Listing

MODELS = Listing()


def windows(packages, rate=RATE, count=6):
    """Windows as silero_vad cuts them: 32 ms after the last 4 ms of the window before."""
    step, context = 512 * rate // RATE, 64 * rate // RATE
    samples = resampled(speech(packages, 2), rate) if rate != RATE else speech(packages, 2)
    padded = np.concatenate([np.zeros(context, np.float32), samples])
    return [padded[place * step: place * step + step + context][None] for place in range(4, 4 + count)]


def silero(name, file, rates, takes_rate=True, batches=(1, 3), **tolerance):
    @MODELS.add(name, f"silero_vad/data/{file}", "voice activity, one window with the state of those before", **tolerance)
    def _(packages, path):
        random, runner = Random(name), session(path)
        for rate in rates:
            given = {"sr": np.array(rate, np.int64)} if takes_rate else {}
            for batch in batches:
                size = 576 * rate // RATE
                yield f"random, {rate} Hz, batch of {batch}", given | {
                    "input": random.normal(batch, size, scale=0.3), "state": random.normal(2, batch, 128)}
            state = np.zeros((2, 1, 128), np.float32)
            for window in windows(packages, rate):
                inputs = given | {"input": window, "state": state}
                yield f"speech, {rate} Hz", inputs
                state = runner.run(None, inputs)[1]


silero("silero-vad", "silero_vad.onnx", (16000, 8000))
silero("silero-vad-op15", "silero_vad_16k_op15.onnx", (16000,))
silero("silero-vad-op18-ifless", "silero_vad_op18_ifless.onnx", (16000, 8000))
silero("silero-vad-half", "silero_vad_half.onnx", (16000,), takes_rate=False)
silero("silero-vad-openvino", "silero_vad_openvino_16k.onnx", (16000,), takes_rate=False, batches=(1,))


def silero_sequence(name, file):
    @MODELS.add(name, file, "voice activity, all windows in one run")
    def _(packages, path):
        random = Random(name)
        for count in (1, 7, 31):
            yield f"random, {count} windows", {
                "input": random.normal(count, 576, scale=0.3), "h": random.normal(1, 1, 128),
                "c": random.normal(1, 1, 128)}
        zeros = np.zeros((1, 1, 128), np.float32)
        yield "speech", {"input": np.concatenate(windows(packages, count=40)), "h": zeros, "c": zeros}


silero_sequence("silero-vad-sequence", "silero_vad/data/silero_vad_16k_sequence.onnx")
silero_sequence("faster-whisper-vad", "faster_whisper/assets/silero_vad_v6.onnx")


# A probability; a number rounded the other way is off by a step in the next layer.
@MODELS.add("smart-turn", "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
            "whether a speaker has finished: Whisper's encoder, quantized", atol=5e-3, by_node=True)
def _(packages, path):
    random = Random("smart-turn")
    features = module(packages, "pipecat/audio/turn/smart_turn/_whisper_features.py").compute_whisper_log_mel_features
    yield "random", {"input_features": random.normal(1, 80, 800)}
    yield "random, batch of 2", {"input_features": random.normal(2, 80, 800)}
    # To longer speech ONNX Runtime's own answers with and without fusions are up to 0.1 apart: that is for the nodes.
    for label, samples in (("a word", word(packages)), ("speech", speech(packages, 5))):
        padded = np.pad(samples, (8 * RATE - len(samples), 0))
        yield label, {"input_features": features(padded, do_normalize=True)[None].astype(np.float32)}


WAKE = "openwakeword/resources/models/"


def spectrogram(packages, seconds=4):
    """As openwakeword has it: the samples as 16-bit numbers, the answer scaled."""
    samples = (speech(packages, seconds) * 32767).astype(np.int16).astype(np.float32)
    return answer(os.path.join(packages, WAKE + "melspectrogram.onnx"), {"input": samples[None]})[0][0, 0] / 10 + 2


def embeddings(packages):
    frames = spectrogram(packages)
    return np.stack([frames[place: place + 76] for place in range(0, len(frames) - 75, 8)])[..., None]


@MODELS.add("wake-word-spectrogram", WAKE + "melspectrogram.onnx", "mel spectrogram of openWakeWord")
def _(packages, path):
    random = Random("spectrogram")
    for shape in ((1, 1280), (2, 5000), (1, 16000)):
        yield f"random, {shape}", {"input": random.normal(*shape, scale=3000)}
    yield "speech", {"input": (speech(packages, 3) * 32767).astype(np.int16).astype(np.float32)[None]}


# Answers reach 72: a change of 1e-7 of the input moves ONNX Runtime's own answer to the speech by 4.6e-5.
@MODELS.add("wake-word-embedding", WAKE + "embedding_model.onnx", "speech embedding of openWakeWord", atol=2e-5)
def _(packages, path):
    random = Random("embedding")
    for batch in (1, 5):
        yield f"random, batch of {batch}", {"input_1": random.normal(batch, 76, 32, 1)}
    yield "speech", {"input_1": embeddings(packages)[:12]}


def wake_word(word, width=16):
    @MODELS.add("wake-word-" + word.replace("_", "-"), f"{WAKE}{word}_v0.1.onnx", "wake word of openWakeWord")
    def _(packages, path):
        random, name = Random(word), session(path).get_inputs()[0].name
        yield "random", {name: random.normal(1, width, 96)}
        yield "random, large", {name: random.normal(1, width, 96, scale=20)}
        vectors = answer(os.path.join(packages, WAKE + "embedding_model.onnx"), {"input_1": embeddings(packages)})[0]
        vectors = vectors.reshape(-1, 96)
        for place in (0, len(vectors) - width):
            yield "speech", {name: vectors[place: place + width][None]}


wake_word("alexa")
wake_word("hey_jarvis")
wake_word("hey_marvin")
wake_word("hey_mycroft")
wake_word("timer", 34)


@MODELS.add("wake-word-vad", WAKE + "silero_vad.onnx", "voice activity, the version of openWakeWord")
def _(packages, path):
    random, runner = Random("wake-word-vad"), session(path)
    for rate, size, batch in ((16000, 512, 1), (16000, 1024, 2), (8000, 256, 1)):
        yield f"random, {rate} Hz", {
            "input": random.normal(batch, size, scale=0.3), "sr": np.array(rate, np.int64),
            "h": random.normal(2, batch, 64), "c": random.normal(2, batch, 64)}
    hidden = cell = np.zeros((2, 1, 64), np.float32)
    samples = speech(packages, 2)
    for place in range(3):
        inputs = {"input": samples[place * 640: place * 640 + 640][None], "sr": np.array(RATE, np.int64), "h": hidden,
                  "c": cell}
        yield "speech", inputs
        hidden, cell = runner.run(None, inputs)[1:]


def quality(name, file):
    @MODELS.add(name, f"speechmos/{file}", "quality of 9 s of speech, from the samples")
    def _(packages, path):
        random = Random(name)
        yield "random", {"input_1": random.normal(1, 144160, scale=0.1)}
        yield "speech", {"input_1": speech(packages, 10)[None, :144160]}


quality("dnsmos", "dnsmos_models/sig_bak_ovr.onnx")


@MODELS.add("dnsmos-p808", "speechmos/dnsmos_models/model_v8.onnx", "quality of 9 s of speech, from a mel spectrogram")
def _(packages, path):
    yield "random, batch of 2", {"input_1": Random("p808").normal(2, 900, 120)}
    yield "speech", {"input_1": mel_spectrogram(speech(packages, 9.01)[:-160], RATE, 321, 160, 120)[None, :900]}


def echo(name, file, hidden, rate=RATE, marker=True):
    @MODELS.add(name, f"speechmos/aecmos_models/{file}", "how well an echo was cancelled")
    def _(packages, path):
        random = Random(name)
        yield "random", {"input": random.normal(1, 3, 100, 160), "h0": random.normal(4, 1, hidden)}
        far, near = speech(packages, 3), speech(packages, 4)[RATE:]
        size = 512 * rate // RATE
        spectra = [mel_spectrogram(resampled(samples, rate), rate, size + 1, size // 2, 160)
                   for samples in (far, near + 0.3 * far, near)]
        if marker:  # double talk: 20 frames of ones and 20 of zeros
            ends = [np.repeat([[1.0], [0.0]], 20, axis=0) * np.ones(160)] * 3
            spectra = [np.concatenate(pair) for pair in zip(spectra, ends)]
        yield "speech", {"input": np.stack(spectra)[None].astype(np.float32), "h0": np.zeros((4, 1, hidden), np.float32)}


echo("aecmos", "Run_1663915512_Stage_0.onnx", 64)
echo("aecmos-scenarioless", "Run_1663829550_Stage_0.onnx", 64, marker=False)
echo("aecmos-48k", "Run_1668423760_Stage_0.onnx", 96, rate=48000)


@MODELS.add("plcmos", "speechmos/plcmos_models/plcmos_v2.onnx", "how well lost packets were concealed")
def _(packages, path):
    random = Random("plcmos")
    yield "random", {"degraded_audio": random.normal(1, 1, 60, 257), "rater_embed": random.normal(1, 64)}
    samples = speech(packages, 3)
    samples[RATE: RATE + 1600] = 0
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, (256, 256)), 512)[::256]
    power = np.abs(np.fft.rfft(frames * np.hamming(513)[:-1])) ** 2
    features = np.log(np.maximum(power, power[power > 0].min() * 1e-12)) / 20
    yield "speech", {"degraded_audio": features[None, None].astype(np.float32), "rater_embed": random.normal(1, 64)}


# The quietest moment scales all, so that there must be some noise.
@MODELS.add("basic-pitch", "basic_pitch/saved_models/icassp_2022/nmp.onnx", "notes of music")
def _(packages, path):
    name = "serving_default_input_2:0"
    yield "random", {name: Random("basic-pitch").normal(1, 43844, 1, scale=0.1)}
    time = np.arange(43844) / 22050
    chord = sum(np.sin(2 * np.pi * note * time) * np.exp(-2 * time) for note in (261.63, 329.63, 392.0)) / 3
    noise = Random("basic-pitch-chord").normal(43844, scale=0.02)
    yield "a chord", {name: (chord + noise)[None, :, None].astype(np.float32)}


@MODELS.add("swift-f0", "swift_f0/model.onnx", "pitch of a voice")
def _(packages, path):
    limits = {"fmin": np.array(46.875, np.float32), "fmax": np.array(2093.75, np.float32)}
    for count in (4000, 16001):
        yield f"random, {count} samples", limits | {"audio": Random("swift-f0").normal(1, count, scale=0.1)}
    yield "speech", limits | {"audio": speech(packages, 2)[None]}
    narrow = {"fmin": np.array(70, np.float32), "fmax": np.array(400, np.float32)}
    yield "a word, between 70 and 400 Hz", narrow | {"audio": word(packages)[None]}
