"""The list that a family of real models fills."""


class Listing(list):
    def add(self, name, file, what, rtol=1e-3, atol=1e-6, by_node=False, classes=False):
        """Registers the data sets of a model: pairs of a label and the inputs by name.

        `atol` is no less than what ONNX Runtime's Sigmoid is off. With `by_node` the last data set tries nodes alone.
        `classes` says that users take the class with the highest score of those along an output's last axis.
        """
        def register(sets):
            self.append({"name": name, "file": file, "what": what, "rtol": rtol, "atol": atol, "by_node": by_node,
                         "classes": classes, "sets": sets})
            return sets
        return register
