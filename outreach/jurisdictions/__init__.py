"""What the law of a place wants of a message, as dated data, and what holds for somebody who may be there."""
