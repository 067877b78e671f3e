import ArgumentParser
import HeadgateRuntime

/// What the commands that run a model file compute its products in.
struct PrecisionOption: ParsableArguments {
  @Option(
    help: "What the products of a network's weights are computed in: float32, or bfloat16, which halves their memory.")
  var precision = Precision.float32

  var options: ModelOptions { ModelOptions(precision: precision) }
}

extension Precision: ExpressibleByArgument {}
