"""The phrases from which the synthetic support messages are built."""

from __future__ import annotations

CLASS_FREQUENCIES = {"delivery": 40, "refund": 22, "login": 12, "billing": 6, "cancellation": 2.5, "fraud": 1}
"""The size of each class relative to the smallest."""

SENTENCES = {
    "delivery": [
        "my {item} has not arrived {time}",
        "where is the {item} i ordered {time}",
        "the driver left my {item} at the wrong door",
        "tracking says my {item} is still in the warehouse",
        "the {item} was due {time} and nobody came",
        "can you send the {item} to my new address instead",
        "the box with my {item} was empty and open",
        "shipping of the {item} takes far too long",
    ],
    "refund": [
        "i sent the {item} back and want my money",
        "the {item} is broken so please pay me back",
        "how do i return the {item} i bought {time}",
        "i am still waiting for the refund of {amount}",
        "you promised me {amount} back {time}",
        "the {item} does not fit and i want to return it",
        "my return of the {item} was not accepted",
    ],
    "login": [
        "i cannot log in to my account {time}",
        "the page does not accept my password",
        "the reset link for my password never came",
        "my account is locked after three tries",
        "the code for signing in does not reach my phone",
        "the app logs me out again and again {time}",
    ],
    "billing": [
        "my invoice for the {item} shows the wrong sum",
        "why does my bill say {amount} {time}",
        "please send the invoice for the {item} again",
        "the discount is missing on my bill",
        "i need another name on the invoice",
        "the tax on my bill is wrong",
    ],
    "cancellation": [
        "i want to end my membership {time}",
        "please stop my plan before it renews",
        "how do i leave your service",
        "i no longer need the subscription",
        "call off my order of the {item}",
    ],
    "fraud": [
        "a stranger bought the {item} in my name",
        "someone used my card without asking me",
        "i never ordered the {item} you charged me for",
        "a caller claimed to be you and wanted my password",
        "there is a purchase of {amount} that was not me",
    ],
}
"""The sentences of each class; braces are slots."""

SHARED = {
    ("fraud", "delivery"): ["i never ordered this"],
    ("fraud", "login"): ["i got a mail about a sign in"],
    ("cancellation", "refund"): ["i changed my mind", "i am not happy with you"],
    ("cancellation", "delivery"): ["please do not send it", "it comes too late for me"],
    ("billing", "delivery"): [
        "i paid for two but got one",
        "the paper in the box is wrong",
        "there was no paper in the box",
    ],
}
"""Sentences that two classes have in common, and that are a whole message; the rarer class comes first."""

SHARED_RATIO = {"fraud": 0.8, "cancellation": 0.8, "billing": 0.6}
"""Fraction of the messages of a class that are sentences in common with a more frequent class."""

ASIDES = [
    "it is about my order of the {item}",
    "i bought a {item} {time}",
    "i paid {amount} by card",
    "your page shows my account and my {item}",
    "the mail about my order came {time}",
    "i called you {time} and got no answer",
    "i am a member and order a lot",
    "the {item} was {amount}",
]
"""Additions to messages of any class, in words that indicate another class."""

OPENERS = [
    "hello",
    "hi there",
    "dear team",
    "good morning",
    "please help",
    "second time i write",
    "not happy",
    "excuse me",
]
CLOSERS = [
    "thanks",
    "please answer soon",
    "i have waited long enough",
    "my order number is {number}",
    "this is the last time i buy here",
    "what should i do",
    "kind regards",
    "call me under {number}",
]

SLOTS = {
    "item": [
        "coat",
        "lamp",
        "phone",
        "jacket",
        "book",
        "chair",
        "headset",
        "kettle",
        "bag",
        "watch",
        "parcel",
        "laptop",
    ],
    "time": ["today", "yesterday", "last week", "since monday", "two days ago", "this morning", "for a month", "again"],
    "amount": ["20 euros", "49.99", "a hundred dollars", "15 pounds", "the full price", "80 euros"],
}
"""The fillings of each slot."""

RARE_SLOTS = {
    "item": ["hammock", "ukulele", "parasol", "wok", "tripod", "duvet", "juicer", "mandolin"],
    "time": ["on whitsun", "the day before easter", "since the eclipse"],
    "amount": ["5000 yen", "a fortune", "30 francs"],
}
"""Fillings that occur in the test split only, so that a model has to handle unknown words."""

RARE_WORDS = {
    "money": "cash",
    "password": "passphrase",
    "invoice": "statement",
    "account": "profile",
    "card": "mastercard",
    "refund": "reimbursement",
    "driver": "courier",
    "membership": "enrolment",
    "stranger": "crook",
    "charged": "debited",
    "subscription": "contract",
    "arrived": "appeared",
    "broken": "shattered",
}
"""Words that are sometimes replaced, in the test split only, by words that training lacks."""
