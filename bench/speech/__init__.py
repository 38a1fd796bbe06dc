"""How well and how fast the embedded recogniser hears."""
