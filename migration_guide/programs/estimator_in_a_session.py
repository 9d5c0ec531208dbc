"""A small replacement for `tf.estimator` on TensorFlow 2.16 and later, which don't have it.

It has only what estimator_before.py needs.
"""

import collections

import tensorflow.compat.v1 as tf


class ModeKeys:
    """The modes in which a `model_fn` is called."""

    TRAIN, EVAL, PREDICT = "train", "eval", "infer"


_FIELDS = "mode predictions loss train_op eval_metric_ops training_hooks"
EstimatorSpec = collections.namedtuple("EstimatorSpec", _FIELDS, defaults=[None] * 4 + [()])


class Estimator:
    """Builds a graph for every call. Checkpoints carry the variables from one graph to the next."""

    def __init__(self, model_fn, model_dir, params):
        self._model_fn, self._model_dir, self._params = model_fn, model_dir, params

    def _specification(self, input_fn, mode):
        tf.train.create_global_step()
        elements = tf.data.make_one_shot_iterator(input_fn()).get_next()
        features, labels = elements if isinstance(elements, tuple) else (elements, None)
        return self._model_fn(features, labels, mode, self._params)

    def _session(self, hooks=()):
        return tf.train.SingularMonitoredSession(hooks, checkpoint_dir=self._model_dir)

    def train(self, input_fn, steps):
        """Runs training steps."""
        with tf.Graph().as_default():
            specification = self._specification(input_fn, ModeKeys.TRAIN)
            saver = tf.train.CheckpointSaverHook(self._model_dir, save_steps=steps)
            with self._session([*specification.training_hooks, saver]) as session:
                for _ in range(steps):
                    session.run(specification.train_op)

    def evaluate(self, input_fn):
        """Returns the mean of the batches' losses, and the metrics."""
        with tf.Graph().as_default():
            specification = self._specification(input_fn, ModeKeys.EVAL)
            metrics = {"loss": tf.metrics.mean(specification.loss), **specification.eval_metric_ops}
            updates = [update for _, update in metrics.values()]
            with self._session() as session:
                while not session.should_stop():
                    try:
                        session.run(updates)
                    except tf.errors.OutOfRangeError:
                        break
                return session.raw_session().run({name: metrics[name][0] for name in metrics})

    def predict(self, input_fn):
        """Yields the predictions of one example at a time."""
        with tf.Graph().as_default():
            predictions = self._specification(input_fn, ModeKeys.PREDICT).predictions
            with self._session() as session:
                while not session.should_stop():
                    try:
                        batch = session.run(predictions)
                    except tf.errors.OutOfRangeError:
                        break
                    for values in zip(*batch.values()):
                        yield dict(zip(batch, values))
