"""Module systems: CommonJS against ES modules, circular and shadowed imports."""
