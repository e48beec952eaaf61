"""Misspellings: words as people often write them wrongly."""

from __future__ import annotations

import numpy as np

from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Pieces
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
    """Misspells a share `alpha` of a text's words, at least one, where the list has any of them.

    Args:
        path: A file with a word and then wrong spellings of it on each line, with tabs between them, plain or .gz. None
            takes a hundred common ones of English.
        lines: The same lines outright, in place of a file; a checkpoint holds them.
        top_k: Only the first so many spellings of a word, at least 1, are taken.
        alpha: The share of a text's words, in [0, 1].
        jieba: Whether Chinese is cut into words by the library of that name (extra `jieba`); else into the longest that
            the list has.
        p: The share of texts that are changed, in [0, 1].
    """

    built_in = "\n".join("\t".join(group.split()) for group in _COMMON.strip().replace("\n", "|").split("|"))
    plain = False

    def change_pieces(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """Misspells words."""
        return self.replaced(pieces, streams)
