# %%
%matplotlib inline
import tensorflow.compat.v1 as tf
!pip install tf_slim
# %%
%%time
loss = tf.losses.sparse_softmax_cross_entropy(
    ids,  # the classes
    logits,
    weights=mask, reduction=tf.losses.Reduction.NONE,
)
# %%
tf.losses?
x = %timeit tf.reduce_mean(loss)
