"""The list that a family of real models fills."""


class Listing(list):
    def add(self, name, file, what, rtol=1e-3, atol=1e-7):
        """Registers the data sets of a model: pairs of a label and the inputs by name."""
        def register(sets):
            self.append({"name": name, "file": file, "what": what, "rtol": rtol, "atol": atol, "sets": sets})
            return sets
        return register
