"""Pooling over what is real."""

import torch

from lightning_modules.layers.pooling import AttentionPool, max_pool, mean_pool

MASK = torch.tensor([[True, True, False], [True, False, False], [False, False, False]])


def test_padding_has_no_say_even_where_it_is_not_a_number():
    states = torch.randn(3, 3, 4)
    states[~MASK] = float("nan")
    clean = states.nan_to_num(0.0)
    torch.testing.assert_close(mean_pool(states, MASK)[0], clean[0, :2].mean(0))
    torch.testing.assert_close(max_pool(states, MASK)[0], clean[0, :2].amax(0))


def test_one_token_is_its_own_pool_and_none_gives_zeros():
    states = torch.randn(3, 3, 4)
    for pool in (mean_pool, max_pool, AttentionPool(4)):
        pooled = pool(states, MASK)
        torch.testing.assert_close(pooled[1], states[1, 0])
        assert not pooled[2].any()


def test_a_text_of_no_token_sends_no_bad_gradient():
    for pool in (mean_pool, max_pool, AttentionPool(4)):
        states = torch.randn(3, 3, 4, requires_grad=True)
        pool(states, MASK).sum().backward()
        assert states.grad.isfinite().all()
        assert not states.grad[2].any()
