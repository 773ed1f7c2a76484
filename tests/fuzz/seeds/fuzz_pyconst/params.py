"""Doc."""
import os
LR: float = 1e-3  # step
LAYERS = [0x10, (1, 2), {"a": None, 3: -1.5}]
NAME = r'a' "b\x41" \
    'c'
class Train(Base):
    ok = True
    def __init__(self):
        self.n = 3; x = 1
print(f"{LR}")
