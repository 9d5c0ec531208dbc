"""A cluster worker. It runs the graphs that other processes send it."""

import tensorflow as tf

import keras_xent  # noqa: F401  (registers the loss's ops)

resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
server = tf.distribute.Server(
    resolver.cluster_spec(),
    job_name=resolver.task_type,
    task_index=resolver.task_id,
    protocol="grpc",
)
server.join()
