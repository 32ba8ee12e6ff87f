"""Values of dimensions: their written form, and which of them the dictionary admits."""

NONE, OTHER = "__none__", "__other__"
RESERVED = set(range(0x20)) | {0x7F} | set(b"%,={}:")


def encode(value):
    """The written form of a value, in bytes."""
    return b"".join(b"%%%02X" % b if b in RESERVED else bytes([b]) for b in value.encode())


def ancestors(levels):
    """region, region/city, region/city/unit"""
    return ["/".join(levels[:n]) for n in range(1, len(levels) + 1)]


class Names:
    """
    admitted: [(dimension, value)], the dictionary of npsd; a value that is not in it counts as `__other__`. It is given because
    the order of admission between partitions does not follow from the topics. None: every value counts as itself.
    """

    def __init__(self, admitted=None):
        self.admitted = None if admitted is None else set(admitted)
        self.seen = {}  # dimension -> values of the answers that count

    def counted_as(self, dim, value):
        """The name under which a value counts. A value may be None."""
        if not value or value == NONE:
            return NONE
        if value == OTHER:
            return OTHER
        self.seen.setdefault(dim, set()).add(value)
        if self.admitted is None or (dim, value) in self.admitted:
            return value
        return OTHER

    def locations(self, levels):
        """Every name under which a location counts: its ancestors, and `__other__` once for those over cap."""
        if not levels:
            return [NONE]
        return unique(self.counted_as("location", path) for path in ancestors(levels))

    def themes(self, themes):
        return unique(self.counted_as("theme", theme) for theme in themes) if themes else [NONE]

    def faults(self, cap_of):
        """Faults of the dictionary: it exceeds a cap, or lacks a value although it has room."""
        if self.admitted is None:
            return []
        faults = []
        for dim in {dim for dim, _ in self.admitted} | set(self.seen):
            known = {value for d, value in self.admitted if d == dim}
            if len(known) > cap_of(dim):
                faults.append(f"dictionary: {len(known)} values of {dim}, its cap is {cap_of(dim)}")
            left_out = self.seen.get(dim, set()) - known
            if left_out and len(known) < cap_of(dim):
                faults.append(f"dictionary: {dim} has room, but not {sorted(left_out)[:3]}")
        return faults


def unique(names):
    return list(dict.fromkeys(names))
