"""Rows that training meets learn as in the whole table; the others stay, and who saves or loads sees no difference."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from contracts.rebuildable import rebuild
from contracts.text_spec import TextSpec
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.partially_frozen_embedding import PartiallyFrozenEmbedding, freeze_unused_rows
from lightning_modules.encoders.pretrained import Pretrained
from lightning_modules.heads.linear import Linear
from lightning_modules.optim.parameter_groups import LearningRatePlan, build_parameter_groups

SPEC = TextSpec("single_label", ("a", "b"), (5, 4), 9, vocabulary_size=20, padding_id=1, max_length=9)
BERT = {
    "model_type": "bert",
    "vocab_size": 20,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 20,
    "pad_token_id": 1,
}
MODERNBERT = BERT | {"model_type": "modernbert", "bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2}
MODERNBERT |= {"sep_token_id": 3}
DISTILBERT = {
    "model_type": "distilbert",
    "vocab_size": 20,
    "dim": 8,
    "n_layers": 2,
    "n_heads": 2,
    "hidden_dim": 16,
    "max_position_embeddings": 20,
    "pad_token_id": 1,
}
MET = torch.tensor([2, 3, 4, 7, 11])
OTHERS = torch.tensor([id for id in range(20) if id not in MET.tolist()])
NEVER_MET = torch.tensor([[12, 13, 14], [0, 19, 1]])


class Texts:
    """Token ids of training texts that are the same in every epoch."""

    ids_are_fixed = True

    def load_training_ids(self):
        ids = MET.repeat(2).numpy()
        return ids, np.array([0, len(ids)])


def encoder(config=BERT, **arguments) -> Pretrained:
    torch.manual_seed(0)
    return Pretrained(SPEC, config=config, **arguments)


def learned(config=BERT, **arguments) -> Pretrained:
    made = encoder(config, **arguments)
    made.prepare_training(Texts())
    return made


def table_of(encoder: Pretrained) -> torch.Tensor:
    (name,) = [
        name for name in encoder.state_dict() if name.endswith(("word_embeddings.weight", "tok_embeddings.weight"))
    ]
    return encoder.state_dict()[name].clone()


def train(encoder: Pretrained, weight_decay: float, steps: int = 5) -> None:
    torch.manual_seed(1)
    head = Linear(SPEC, encoder.output_dim)
    groups = build_parameter_groups(encoder, head, 0.01, LearningRatePlan(layer_decay=0.5))
    optimizer = torch.optim.AdamW(groups, weight_decay=weight_decay, fused=True)
    for step in range(steps):
        rng = torch.Generator().manual_seed(step)
        ids = MET[torch.randint(len(MET), (4, 6), generator=rng)]
        ids[1, 3:] = SPEC.padding_id
        torch.manual_seed(step)  # of dropout
        loss = nn.functional.cross_entropy(head(encoder(ids, ids != SPEC.padding_id)), torch.tensor([0, 1, 1, 0]))
        loss.backward()
        nn.utils.clip_grad_norm_(encoder.parameters(), 0.1)
        optimizer.step()
        optimizer.zero_grad()


@pytest.mark.parametrize("config", [BERT, DISTILBERT, MODERNBERT], ids=lambda config: config["model_type"])
def test_any_make_learns_as_with_the_whole_table(config):
    whole, parts = encoder(config), learned(config)
    train(whole, weight_decay=0.0)
    train(parts, weight_decay=0.0)
    assert any(isinstance(module, PartiallyFrozenEmbedding) for module in parts.modules())
    for name, weight in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[name], weight, atol=1e-6, rtol=1e-5)
    assert (table_of(parts) - table_of(encoder(config)))[MET].abs().max() > 1e-3


def test_weight_decay_moves_the_rows_that_are_met_as_before_and_no_other():
    whole, parts = encoder(), learned()
    before = table_of(parts)
    train(whole, weight_decay=0.5)
    train(parts, weight_decay=0.5)
    torch.testing.assert_close(table_of(parts)[MET], table_of(whole)[MET], atol=1e-6, rtol=1e-5)
    assert torch.equal(table_of(parts)[OTHERS], before[OTHERS])
    moved = (table_of(whole)[OTHERS] - before[OTHERS]).abs().sum(1)
    assert (moved[SPEC.padding_id != OTHERS] > 0).all()  # this is what is left out


def test_ids_that_training_never_met_have_their_pretrained_vectors():
    parts, plain = learned().eval(), encoder().eval()
    assert torch.equal(parts(NEVER_MET, NEVER_MET != 1), plain(NEVER_MET, NEVER_MET != 1))


def test_a_batch_of_nothing_but_unmet_ids_still_gives_the_rows_a_gradient():
    """Of zeros; DDP would wait for ever for a parameter without one."""
    parts = learned()
    parts(NEVER_MET, NEVER_MET != 1).square().sum().backward()
    rows = parts.backbone.get_input_embeddings()
    assert rows.weight.grad.count_nonzero() == 0
    assert rows.frozen.grad is None


def test_weights_go_from_a_whole_table_to_rows_and_back():
    source, parts, plain = encoder(), learned(), encoder()
    with torch.no_grad():
        for weight in source.parameters():
            weight.add_(1)
    assert parts.state_dict().keys() == plain.state_dict().keys()
    parts.load_state_dict(source.state_dict())
    plain.load_state_dict(parts.state_dict())
    for name, weight in source.state_dict().items():
        assert torch.equal(plain.state_dict()[name], weight), name


def test_what_was_saved_does_not_change_with_the_model():
    parts = learned()
    saved, before = table_of(parts), parts.state_dict()
    train(parts, weight_decay=0.0, steps=1)
    assert torch.equal(before["backbone.embeddings.word_embeddings.weight"], saved)


def test_a_checkpoint_makes_the_encoder_again_without_knowing_of_rows():
    parts = learned()
    train(parts, weight_decay=0.01)
    again = rebuild(TextEncoder, json.loads(json.dumps(parts.to_blueprint())), SPEC)
    again.load_state_dict(parts.state_dict())
    ids = torch.tensor([[2, 12, 3], [4, 19, 1]])
    assert torch.equal(again.eval()(ids, ids != 1), parts.eval()(ids, ids != 1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("weight"), r"Missing key.*weight"),
        (lambda state: state.update(more=torch.zeros(1)), r"Unexpected key.*more"),
        (
            lambda state: state.update(weight=torch.zeros(5, 2)),
            r"size mismatch for weight: \(5, 2\) .* \(4, 2\) in the",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused(change, message):
    rows = PartiallyFrozenEmbedding(torch.randn(4, 2), torch.tensor([True, False, True, False]))
    state = rows.state_dict()
    change(state)
    with pytest.raises(RuntimeError, match=f"(?s){message}"):
        rows.load_state_dict(state)
    if "weight" not in state or "more" in state:
        rows.load_state_dict(state, strict=False)


def test_the_depths_names_and_number_of_weights_stay():
    whole, parts = encoder(), learned()
    held = [id(p) for modules in parts.layer_groups() for module in modules for p in module.parameters()]
    assert sorted(held) == sorted(id(p) for p in parts.parameters())
    assert sum(p.numel() for p in parts.parameters()) == sum(p.numel() for p in whole.parameters())
    names, others = ({name for name, p in of.named_parameters() if p.requires_grad} for of in (whole, parts))
    assert names == others
    for name, weight in parts.named_parameters():
        if name.endswith("word_embeddings.weight"):
            assert weight.shape == (5, 8)
            assert any(weight is p for module in parts.layer_groups()[0] for p in module.parameters())


def test_gradient_checkpointing_and_autocast_change_no_row():
    plain, saving = learned(dropout=0.0), learned(dropout=0.0, gradient_checkpointing=True)
    ids = torch.tensor([[2, 12, 3], [4, 19, 7]])
    with torch.autocast("cpu", torch.bfloat16):
        for one in (plain, saving):
            one(ids, ids != 1).float().square().sum().backward()
    gradients = [one.backbone.get_input_embeddings().weight.grad for one in (plain, saving)]
    torch.testing.assert_close(*gradients)
    assert gradients[0].dtype == torch.float32
    assert gradients[0].abs().sum(1).ne(0).tolist() == [True, True, True, True, False]  # 11 is not in the batch


def test_a_padding_row_without_a_gradient_stays_without_and_one_with_a_gradient_keeps_it():
    for padding_idx, expected in ((3, [2, 4]), (None, [2, 3, 4])):
        model = nn.ModuleDict({"table": nn.Embedding(9, 2, padding_idx=padding_idx)})
        freeze_unused_rows(model, model["table"], torch.tensor([2, 3, 4]))
        assert (model["table"].row_of_id >= 0).nonzero().flatten().tolist() == expected


def test_a_text_of_no_token_may_teach_the_padding():
    """Where the model itself names no padding, what stands in for a missing token is learned as before."""
    parts = learned(BERT | {"pad_token_id": None})
    assert parts.backbone.get_input_embeddings().weight.shape[0] == len(MET) + 1


@pytest.mark.parametrize("freeze", ["embeddings", 1, "all"])
def test_a_frozen_table_is_left_alone_and_no_ids_are_looked_for(freeze):
    made = encoder(freeze=freeze)
    made.prepare_training(None)
    assert type(made.backbone.get_input_embeddings()) is nn.Embedding


@pytest.mark.parametrize(
    "table",
    [
        nn.Embedding(9, 2, sparse=True),
        nn.Embedding(9, 2, scale_grad_by_freq=True),
        nn.Embedding(9, 2, max_norm=1.0),
        type("Scaled", (nn.Embedding,), {})(9, 2),
        nn.Embedding(9, 2, device="meta"),
    ],
    ids=["sparse", "by frequency", "of bounded norm", "of another class", "without memory"],
)
def test_a_table_of_another_kind_is_left_alone(table):
    model = nn.ModuleDict({"table": table})
    freeze_unused_rows(model, table, torch.tensor([2]))
    assert model["table"] is table


def test_a_table_that_something_else_computes_with_is_left_alone():
    model = nn.ModuleDict({"table": nn.Embedding(9, 2), "output": nn.Linear(2, 9)})
    model["output"].weight = model["table"].weight
    freeze_unused_rows(model, model["table"], torch.tensor([2]))
    assert type(model["table"]) is nn.Embedding


@pytest.mark.parametrize(
    ("ids", "taken"), [(range(7), True), (range(8), False), ((), False)], ids=["70 %", "80 %", "none"]
)
def test_rows_are_told_apart_only_where_it_saves_work(ids, taken):
    model = nn.ModuleDict({"table": nn.Embedding(10, 2)})
    freeze_unused_rows(model, model["table"], torch.tensor(ids, dtype=torch.int64))
    assert isinstance(model["table"], PartiallyFrozenEmbedding) == taken
