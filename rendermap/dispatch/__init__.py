"""The waist: plans, what they may cost, and the workers they are given to."""
