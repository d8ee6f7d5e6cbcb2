"""What the product knows: pure types and rules. No I/O, no clock, no framework."""
