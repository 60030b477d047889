"""Who of the network was asked about a gathering, what they say, and the next thing to do for each."""
