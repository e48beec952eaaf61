"""English function words: they carry little meaning alone, and lists of synonyms have only other senses of them."""

from __future__ import annotations

_WORDS = """
a about above after again against all along already also am among an and another any are aren around as at be
because been before behind being below beside besides between beyond both but by can cannot could couldn d did didn
do does doesn doing don done down during each either even ever every few for from further get go gone got had hadn
has hasn have haven having he her here hers herself him himself his how i if in into is isn it its itself just least
less let ll m many may me might mine more most much must mustn my myself needn neither never no none nor not now o
of off on once one ones only or other ought our ours ourselves out over own per re s same several shall shan she
should shouldn so some still such t than that the their theirs them themselves then there these they this those
through to too toward towards under until up upon us ve very via was wasn we went were weren what whatever when
where which whichever while who whoever whom whose why will with within without won would wouldn y yes yet you your
yours yourself yourselves
"""

FUNCTION_WORDS = frozenset(_WORDS.split())
