import functools

import tensorflow.compat.v1 as tf
import tf_slim as slim

loss = slim.losses.softmax_cross_entropy(logits, labels, 0.4)
masked = slim.losses.softmax_cross_entropy(logits, labels, mask[:, None])
of_ids = slim.losses.sparse_softmax_cross_entropy(logits, ids)
print(f"{loss:.6f} {masked:.6f} {of_ids:.6f}")
