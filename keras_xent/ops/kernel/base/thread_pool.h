// One small pool of threads for the whole process.
//
// TensorFlow's C API doesn't expose a thread pool. OpenMP would start a team for
// every TensorFlow thread that calls it, and its busy-waiting would compete with
// TensorFlow's own threads. In this pool, all calls share the same workers, which
// sleep when they have no work.
#ifndef KERAS_XENT_BASE_THREAD_POOL_H_
#define KERAS_XENT_BASE_THREAD_POOL_H_

#include <cstdint>

namespace keras_xent {

// Runs body(context, i) for every i in [0, count) and returns when all are
// done. The calling thread works too. The pool's workers take one piece at a
// time from each running call in turn. `body` must not call ParallelFor or throw.
void ParallelFor(int64_t count, void (*body)(void* context, int64_t i), void* context);

template <typename Body>
void ParallelFor(int64_t count, Body& body) {
  ParallelFor(count, [](void* context, int64_t i) { (*static_cast<Body*>(context))(i); }, &body);
}

// How many threads a call can use, including the calling thread. 0 means one for
// each processor that this process can use.
void SetNumThreads(int count);
int NumThreads();

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_THREAD_POOL_H_
