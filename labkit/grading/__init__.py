"""Many submissions at once: what a class handed in, read as data; who was late; who hands in what others did."""

from labkit.words import ENGLISH, spoken

# What is graded is kept, and compared with what was graded on another machine: every door to it wears this, and inside
# English is spoken, whatever the machine speaks.
in_english = spoken(ENGLISH)
