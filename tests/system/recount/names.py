"""Values of dimensions: their written form, and which of them the dictionary tells apart."""

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
    Without a list everything is told apart. With one (the dictionary as npsd keeps it, [(dimension, value)]: the order
    of admission over partitions is in no topic) what is not in it is `__other__`.
    """

    def __init__(self, admitted=None):
        self.admitted = None if admitted is None else set(admitted)
        self.seen = {}  # dimension -> values that were counted

    def counted_as(self, dim, value):
        """The name under which a value counts, None being none."""
        if not value or value == NONE:
            return NONE
        if value == OTHER:
            return OTHER
        self.seen.setdefault(dim, set()).add(value)
        if self.admitted is None or (dim, value) in self.admitted:
            return value
        return OTHER

    def locations(self, levels):
        """Every name a location counts under: its ancestors, those beyond the cap together once."""
        if not levels:
            return [NONE]
        return unique(self.counted_as("location", path) for path in ancestors(levels))

    def themes(self, themes):
        return unique(self.counted_as("theme", theme) for theme in themes) if themes else [NONE]

    def faults(self, cap_of):
        """What a dictionary must not do: exceed its cap, repeat itself, or refuse a value while it has room."""
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
