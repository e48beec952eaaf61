"""Misspellings: words are replaced by common misspellings."""

from __future__ import annotations

import numpy as np

from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Segments
from datamodules.augmentations.word_level.table_augmentation import TableAugmentation

_COMMON = """
accommodate acommodate accomodate|achieve acheive|across accross|address adress|again agian|amateur amatuer
apparent apparant|argument arguement|basically basicly|beautiful beautifull beatiful|because becuase becouse
beginning begining|believe beleive belive|business buisness busines|calendar calender|category catagory
cemetery cemetary|colleague collegue|coming comming|committee comittee commitee|completely completly
conscious concious|curiosity curiousity|definitely definately definitly|describe discribe|different diffrent
difference diffrence|disappear dissapear|disappoint dissapoint|does dose|embarrass embarass|environment enviroment
existence existance|experience experiance|familiar familliar|favorite favorit|February Febuary|finally finaly
foreign foriegn|forty fourty|forward foward|friend freind|from form|further furthur|government goverment
grammar grammer|happened happend|immediately immediatly|independent independant|interesting intresting
knowledge knowlege|language langauge|library libary|license lisence|many mnay|maintenance maintainance
minute minuit|mountain montain|necessary neccessary necesary|noticeable noticable|occasion ocasion occassion
occurred occured|occurrence occurance|original orignal|people poeple peple|persistent persistant|piece peice
please plese|possession posession|possible posible|president presidant|privilege priviledge|probably probly
professor proffesor|pronunciation pronounciation|publicly publically|really realy|receive recieve
recommend recomend reccomend|referred refered|religious religous|remember rember|restaurant restaraunt
rhythm rythm|separate seperate|should shoud|similar similiar|sincerely sincerly|success sucess|surprise suprise
temperature temperture|their thier|therefore therfore|they tehy|through throught|tomorrow tommorow tommorrow
tongue tounge|truly truely|unfortunately unfortunatly|until untill|usually usualy|vacuum vaccum|weather wether
Wednesday Wensday|weird wierd|what waht|when wehn|where were|which wich|with wiht|would woud|writing writting
your youre
"""


class Misspellings(TableAugmentation):
    """Misspells a fraction `alpha` of the words, at least one if any is in the list of misspellings.

    Args:
        path: File with a word and misspellings of it per line, tab-separated. Plain or .gz. By default a hundred common
            misspellings of English.
        top_k: Number of misspellings per word to sample from, at least 1. The first ones of the line are used.
    """

    built_in_lines = "\n".join("\t".join(group.split()) for group in _COMMON.strip().replace("\n", "|").split("|"))
    content_words_only = False

    def transform_segments(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Replaces words by misspellings."""
        return self.replace_listed_words(segments, streams)
