// One small pool of threads for the whole process.
//
// TensorFlow's C API hands out no thread pool, and OpenMP would start a team
// for every TensorFlow thread that calls us, whose busy-waiting fights
// TensorFlow's own threads. Here all calls share the same workers, which sleep
// when there is nothing to do.
#ifndef KERAS_XENT_BASE_THREAD_POOL_H_
#define KERAS_XENT_BASE_THREAD_POOL_H_

#include <cstdint>

namespace keras_xent {

// Runs body(context, i) for every i in [0, count) and returns when all are
// done. The calling thread works too; the pool's workers help, one piece at a
// time from each call under way in turn. `body` must not
// call ParallelFor, nor throw.
void ParallelFor(int64_t count, void (*body)(void* context, int64_t i), void* context);

template <typename Body>
void ParallelFor(int64_t count, Body& body) {
  ParallelFor(count, [](void* context, int64_t i) { (*static_cast<Body*>(context))(i); }, &body);
}

// How many threads a call may use, the calling one included. 0 means one for
// every processor this process may run on.
void SetNumThreads(int count);
int NumThreads();

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_THREAD_POOL_H_
