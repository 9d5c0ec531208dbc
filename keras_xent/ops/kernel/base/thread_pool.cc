#include "base/thread_pool.h"

#include <pthread.h>
#if defined(__linux__)
#include <sched.h>
#endif

#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

namespace keras_xent {
namespace {

int SchedulableProcessors() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
#endif
  const unsigned count = std::thread::hardware_concurrency();
  return count > 0 ? static_cast<int>(count) : 1;
}

// A running ParallelFor, on its caller's stack.
struct Job {
  void (*body)(void*, int64_t);
  void* context;
  int64_t count;
  int64_t next = 0;      // the first piece that no thread has taken
  int64_t finished = 0;  // the number of finished pieces
  std::condition_variable done;
};

class Pool {
 public:
  // 0 threads means that the number is not decided yet.
  explicit Pool(int num_threads) : num_threads_(num_threads) {}

  // For the end of the process. Later calls run on their own thread.
  void Shutdown() {
    std::lock_guard<std::mutex> lock(size_mutex_);
    StopWorkers();
    num_threads_ = 1;
  }

  // Only for a forked child, where no other thread can be writing.
  int unlocked_num_threads() const { return num_threads_; }

  void SetNumThreads(int count) {
    std::lock_guard<std::mutex> lock(size_mutex_);
    const int wanted = count > 0 ? count : SchedulableProcessors();
    if (wanted == num_threads_) return;
    StopWorkers();
    num_threads_ = wanted;
  }

  int NumThreads() {
    std::lock_guard<std::mutex> lock(size_mutex_);
    if (num_threads_ == 0) num_threads_ = SchedulableProcessors();
    return num_threads_;
  }

  void Run(Job& job) {
    StartWorkers();
    std::unique_lock<std::mutex> lock(mutex_);
    jobs_.push_back(&job);
    work_.notify_all();
    while (job.next < job.count) DoOnePiece(job, lock);
    job.done.wait(lock, [&] { return job.finished == job.count; });
  }

 private:
  // Takes the job's next piece, runs it without the lock, and counts it. When this
  // returns, the job may no longer exist, unless it is the caller's own.
  void DoOnePiece(Job& job, std::unique_lock<std::mutex>& lock) {
    const int64_t piece = job.next++;
    if (job.next == job.count) Remove(job);
    lock.unlock();
    job.body(job.context, piece);
    lock.lock();
    if (++job.finished == job.count) job.done.notify_all();
  }

  void Remove(Job& job) {
    for (auto it = jobs_.begin(); it != jobs_.end(); ++it) {
      if (*it == &job) {
        jobs_.erase(it);
        return;
      }
    }
  }

  void Work() {
#if defined(__linux__)
    pthread_setname_np(pthread_self(), "keras_xent");
#endif
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      work_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      // Take turns: the job goes to the back of the queue. Workers must not allocate memory,
      // because nothing would catch their std::bad_alloc.
      jobs_.splice(jobs_.end(), jobs_, jobs_.begin());
      DoOnePiece(*jobs_.back(), lock);
    }
  }

  void StartWorkers() {
    std::lock_guard<std::mutex> lock(size_mutex_);
    if (num_threads_ == 0) num_threads_ = SchedulableProcessors();
    while (can_start_threads_ && static_cast<int>(workers_.size()) < num_threads_ - 1) {
      try {
        workers_.emplace_back([this] { Work(); });
      } catch (const std::bad_alloc&) {
        return;  // until the next call
      } catch (const std::exception&) {
        // The process can't start more threads. The existing ones and the caller do
        // the work.
        can_start_threads_ = false;
      }
    }
  }

  // The callers of running jobs finish them.
  void StopWorkers() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = false;
  }

  std::mutex size_mutex_;  // guards the members up to mutex_; locked before mutex_
  int num_threads_;
  bool can_start_threads_ = true;
  std::vector<std::thread> workers_;

  std::mutex mutex_;  // guards the rest
  std::condition_variable work_;
  std::list<Job*> jobs_;  // unlike a deque, allocates nothing in a forked child's new pool
  bool stopping_ = false;
};

// Never destroyed, because there may be calls while the process ends. A forked
// child, which has none of its parent's threads, creates a new pool over the
// copies of its locks.
alignas(Pool) unsigned char pool_storage[sizeof(Pool)];
Pool* pool = nullptr;

struct PoolLifetime {
  PoolLifetime() {
    pool = new (pool_storage) Pool(0);
    pthread_atfork(nullptr, nullptr, [] {
      const int num_threads = pool->unlocked_num_threads();
      pool = new (pool_storage) Pool(num_threads);
    });
  }
  ~PoolLifetime() { pool->Shutdown(); }
};
PoolLifetime pool_lifetime;

}  // namespace

void ParallelFor(int64_t count, void (*body)(void* context, int64_t i), void* context) {
  if (count <= 1 || pool->NumThreads() == 1) {
    for (int64_t i = 0; i < count; ++i) body(context, i);
    return;
  }
  Job job;
  job.body = body;
  job.context = context;
  job.count = count;
  pool->Run(job);
}

void SetNumThreads(int count) { pool->SetNumThreads(count); }

int NumThreads() { return pool->NumThreads(); }

}  // namespace keras_xent
