"""What the synthetic support messages are put together from."""

from __future__ import annotations

SHARES = {"delivery": 40, "refund": 22, "login": 12, "billing": 4, "cancellation": 1.5, "fraud": 1}
"""How often each class is drawn, against the smallest."""

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
        "{paper} {shows} {fault}",
        "{paper} {shows} {fault} {time}",
        "why {shows} {paper} {fault}",
    ],
    "cancellation": [
        "{want} {end} {contract}",
        "{want} {end} {contract} {time}",
        "how do i {end} {contract}",
    ],
    "fraud": [
        "{stranger} {used} {mine}",
        "{stranger} {used} {mine} {time}",
        "i did not make {deed}",
        "{deed} was not made by me",
    ],
}
"""What a writer of each class says when it is said plainly."""

LEADS = {"billing": 0.5, "cancellation": 0.8, "fraud": 0.8}
"""How often writers of a class first tell of something that a common class is about."""

SHARED = {
    ("fraud", "billing"): [
        "there is {amount} gone from my card {time}",
        "i was charged {amount} twice for the {item}",
        "i do not understand the charge of {amount}",
        "what is this payment of {amount} {time}",
    ],
    ("fraud", "login"): [
        "my password was changed {time} and i cannot get in",
        "i got a mail about a sign in {time}",
        "my email address in the account is wrong now",
    ],
    ("cancellation", "refund"): [
        "i changed my mind about the {item}",
        "i do not want the {item} anymore",
        "i am not happy with what i bought {time}",
    ],
    ("cancellation", "delivery"): [
        "please do not send the {item}",
        "the {item} comes too late for me",
        "nobody will be at home for the {item}",
    ],
}
"""What writers of two classes say in the same words, so that a text alone cannot tell; the rarer class comes first."""

SHARED_SHARE = {"fraud": 0.25, "cancellation": 0.25}
"""How much of a class is said in words that it shares with a commoner one."""

ASIDES = [
    "i called you {time} and got no answer",
    "the receipt has my address",
    "i paid the bill {time}",
    "i used my card",
    "i did make the payment {time}",
    "the order was made by me",
    "a friend ordered with my account",
    "somebody else opened the door",
    "i want to stop the waiting",
    "please end the delay",
    "i have the subscription",
    "my plan says one day",
]
"""What writers of every class say beside, in words that mean something elsewhere."""

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
    "paper": ["my invoice", "the bill", "my receipt", "the statement", "the paper", "your letter"],
    "shows": ["shows", "says", "has", "lists", "gives"],
    "fault": ["the wrong sum", "no tax", "another name", "no discount", "two fees", "the old price", "{amount}"],
    "want": ["i want to", "please", "let me", "i would like to", "help me to", "i have to"],
    "end": ["end", "stop", "quit", "leave", "drop", "close", "finish"],
    "contract": ["my plan", "my membership", "the subscription", "the yearly deal", "the contract", "my trial"],
    "stranger": ["a stranger", "somebody else", "an unknown person", "a thief", "another person", "some caller"],
    "used": ["used", "took over", "ordered with", "paid with", "opened", "emptied", "copied"],
    "mine": ["my card", "my account", "my name", "my bank details", "my data"],
    "deed": ["this payment", "the order", "this purchase", "the sign in", "that transfer"],
    "amount": ["20 euros", "49.99", "a hundred dollars", "15 pounds", "the full price", "80 euros"],
}
"""What stands in braces."""

RARE = {
    "item": ["hammock", "ukulele", "parasol", "wok", "tripod", "duvet", "juicer", "mandolin"],
    "time": ["on whitsun", "the day before easter", "since the eclipse"],
    "amount": ["5000 yen", "a fortune", "30 francs"],
}
"""What stands in braces in the test split only, so that a model meets words it has never seen."""

RARE_WORDS = {
    "money": "cash",
    "password": "passphrase",
    "invoice": "bookkeeping",
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
"""Words that some writers of the test split replace by ones that no training text has."""
