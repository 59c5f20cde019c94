"""The inbox: talks that people have, over all channels, and what helps to answer in them."""
