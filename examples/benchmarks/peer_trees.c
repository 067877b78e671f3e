// Times the peers of trees.sh through their C entry points; compiled by trees.sh and called by peer_tree.py.
//
// No header of a peer is needed: which functions these are, and with what they are called, is told in struct call.

#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// What a peer is called with. Functions, models and settings are found by peer_tree.py.
struct call {
  void *function;
  void *model;
  // What else the function takes; see each of the calls below.
  void *settings[3];
  // The rows to walk through, and the part of them that one call takes.
  const char *rows;
  int64_t row_bytes, columns, batch;
  // One for each slice, for peers that take something else than an address.
  void **slices;
  // The sums of the last call, in the peer's type; ONNX Runtime's tensor is made on them.
  void *outputs;
};

static const char *slice_rows(const struct call *call, long slice) {
  return call->rows + slice * call->batch * call->row_bytes;
}

// Each of these gives 0, or anything else when the peer gives an error.

// `model` is the configuration that LGBM_BoosterPredictForMatSingleRowFastInit made.
int lightgbm_row(const struct call *call, long slice) {
  int (*predict)(void *, const void *, int64_t *, double *) = call->function;
  int64_t count;
  return predict(call->model, slice_rows(call, slice), &count, call->outputs);
}

// Settings: parameters. The numbers are C_API_DTYPE_FLOAT64, rows one after the other, C_API_PREDICT_NORMAL, all trees.
int lightgbm_rows(const struct call *call, long slice) {
  int (*predict)(void *, const void *, int, int32_t, int32_t, int, int, int, int, const char *, int64_t *, double *) =
      call->function;
  int64_t count;
  return predict(
      call->model, slice_rows(call, slice), 1, (int32_t)call->batch, (int32_t)call->columns, 1, 0, 0, -1,
      call->settings[0], &count, call->outputs);
}

// Settings: configuration, matrix to be used again. Slices: array interfaces as text.
int xgboost_rows(const struct call *call, long slice) {
  int (*predict)(void *, const char *, const char *, void *, const uint64_t **, uint64_t *, const float **) =
      call->function;
  const uint64_t *shape;
  uint64_t rank;
  const float *sums;
  int error = predict(call->model, call->slices[slice], call->settings[0], call->settings[1], &shape, &rank, &sums);
  // They stand in memory of the model's, which the next call uses again.
  if (!error) memcpy(call->outputs, sums, (size_t)call->batch * sizeof *sums);
  return error;
}

// Settings: names of input and output, tensor of the outputs. Slices: tensors.
int onnxruntime_rows(const struct call *call, long slice) {
  void *(*run)(
      void *, const void *, const char *const *, const void *const *, size_t, const char *const *, size_t, void **) =
      call->function;
  const char *input = call->settings[0], *output = call->settings[1];
  const void *tensor = call->slices[slice];
  void *sums = call->settings[2];
  return run(call->model, NULL, &input, &tensor, 1, &output, 1, &sums) != NULL;
}

// No model: the function is the model.
int lleaves_rows(const struct call *call, long slice) {
  void (*forest)(const double *, double *, int32_t, int32_t) = call->function;
  forest((const double *)slice_rows(call, slice), call->outputs, 0, (int32_t)call->batch);
  return 0;
}

// A row is an array of unions of a number and a mark for missing ones, so numbers alone are rows without missing ones.
// What is there is added to.
int tl2cgen_double_rows(const struct call *call, long slice) {
  void (*predict)(const void *, int, double *) = call->function;
  const char *rows = slice_rows(call, slice);
  double *sums = call->outputs;
  for (int64_t i = 0; i < call->batch; i++) {
    sums[i] = 0;
    predict(rows + i * call->row_bytes, 1, sums + i);
  }
  return 0;
}

int tl2cgen_float_rows(const struct call *call, long slice) {
  void (*predict)(const void *, int, float *) = call->function;
  const char *rows = slice_rows(call, slice);
  float *sums = call->outputs;
  for (int64_t i = 0; i < call->batch; i++) {
    sums[i] = 0;
    predict(rows + i * call->row_bytes, 1, sums + i);
  }
  return 0;
}

// Settings: name of the type of numbers, configuration.
int treelite_rows(const struct call *call, long slice) {
  int (*predict)(void *, const void *, const char *, uint64_t, void *, void *) = call->function;
  return predict(
      call->model, slice_rows(call, slice), call->settings[0], (uint64_t)call->batch, call->outputs,
      call->settings[1]);
}

// The times of calls in nanoseconds, of 50, 90 and 99 of a hundred at most, and how many calls were measured.
struct times {
  double cpu[3], wall[3];
  int64_t calls;
};

enum { MOST_SAMPLES = 1 << 17, SHORTEST_SAMPLE = 10000 };

static int64_t now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void quantiles(int64_t *samples, long count, double group, double *out) {
  static const int percents[] = {50, 90, 99};
  qsort(samples, (size_t)count, sizeof *samples, ascending);
  for (int i = 0; i < 3; i++) out[i] = (double)samples[(count * percents[i] + 99) / 100 - 1] / group;
}

// What the thread's clock says of nothing: reading it is a system call.
static int64_t clock_time(void) {
  int64_t samples[101];
  for (int i = 0; i < 101; i++) {
    int64_t began = now(CLOCK_THREAD_CPUTIME_ID);
    now(CLOCK_MONOTONIC);
    now(CLOCK_MONOTONIC);
    samples[i] = now(CLOCK_THREAD_CPUTIME_ID) - began;
  }
  qsort(samples, 101, sizeof *samples, ascending);
  return samples[50];
}

// Walks through the slices for some time, after a warm-up of half a second at most. Gives 0, or -1 for an error.
int measure(
    int (*run)(const struct call *, long), const struct call *call, long slices, double seconds, struct times *times) {
  int64_t duration = (int64_t)(seconds * 1e9), warm_up = duration < 500000000 ? duration : 500000000;
  int64_t began = now(CLOCK_MONOTONIC), passed = 0, calls = 0;
  long slice = 0;
  for (; calls == 0 || passed < warm_up; calls++, passed = now(CLOCK_MONOTONIC) - began) {
    if (run(call, slice)) return -1;
    slice = (slice + 1) % slices;
  }
  // A call that takes no longer than reading clocks does is measured with those after it.
  long group = 1 + (long)(SHORTEST_SAMPLE * calls / (passed + 1));
  int64_t *cpu = malloc(MOST_SAMPLES * sizeof *cpu), *wall = malloc(MOST_SAMPLES * sizeof *wall);
  if (!cpu || !wall) return -1;
  int64_t idle = clock_time(), end = now(CLOCK_MONOTONIC) + duration;
  long count = 0;
  int error = 0;
  do {
    int64_t cpu_began = now(CLOCK_THREAD_CPUTIME_ID), wall_began = now(CLOCK_MONOTONIC);
    for (long i = 0; i < group; i++) {
      error |= run(call, slice);
      if (++slice == slices) slice = 0;
    }
    wall[count] = now(CLOCK_MONOTONIC) - wall_began;
    int64_t taken = now(CLOCK_THREAD_CPUTIME_ID) - cpu_began;
    cpu[count++] = taken > idle ? taken - idle : 0;
  } while (!error && count < MOST_SAMPLES && now(CLOCK_MONOTONIC) < end);
  quantiles(cpu, count, (double)group, times->cpu);
  quantiles(wall, count, (double)group, times->wall);
  times->calls = (int64_t)count * group;
  free(cpu);
  free(wall);
  return error ? -1 : 0;
}
