// Runs the kernels of decode.cu that are not written in PTX, on the host, against sums in double precision. kernels.inc is their source.
#include "host.h"

#include <cstdio>
#include <random>

#include "kernels.inc"

struct Case {
  int rows, slots, keyValueHeads, group, size, chunks;
  std::vector<int> segments; // rowFrom, rowTo, slotFrom, slotTo
};

static std::mt19937 generator(7);

static std::vector<float> numbers(size_t count, float scale) {
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> all(count);
  for (float& one : all) {
    one = normal(generator);
  }
  return all;
}

// Whether a row sees a slot.
static bool sees(const Case& c, int row, int slot) {
  for (size_t i = 0; i < c.segments.size(); i += 4) {
    const int* s = &c.segments[i];
    if (s[0] <= row && row < s[1] && s[2] <= slot && slot < s[3]) {
      return true;
    }
  }
  return false;
}

// Returns the largest difference of output and log-sum-exp, infinity for a wrong empty row.
static double worst(const Case& c) {
  int heads = c.keyValueHeads * c.group;
  long lanes = (long)c.rows * heads;
  std::vector<float> q = numbers(lanes * c.size, 2.0f);
  std::vector<float> keys = numbers((size_t)c.slots * c.keyValueHeads * c.size, 1.0f);
  std::vector<float> values = numbers(keys.size(), 1.0f);
  for (int slot = 0; slot < c.slots; slot++) { // what nobody sees was never written
    bool seen = false;
    for (int row = 0; row < c.rows; row++) {
      seen |= sees(c, row, slot);
    }
    for (int i = 0; !seen && i < c.keyValueHeads * c.size; i++) {
      keys[(size_t)slot * c.keyValueHeads * c.size + i] = NAN;
      values[(size_t)slot * c.keyValueHeads * c.size + i] = NAN;
    }
  }
  std::vector<float> outs(c.chunks * lanes * c.size, NAN), partial(lanes * (c.size + 1), NAN);
  std::vector<float2> statistics(c.chunks * lanes, make_float2(NAN, NAN));
  float scale = (float)(1.4426950408889634 / std::sqrt((double)c.size));
  Call call = {c.segments.data(), (int)c.segments.size() / 4, c.rows, c.slots, heads, c.keyValueHeads, c.chunks};
  host::launch(c.chunks * c.keyValueHeads, THREADS, [&] {
    attendPlain(q.data(), keys.data(), values.data(), call, outs.data(), statistics.data(), scale, c.size);
  });
  host::launch((int)lanes, 256, [&] {
    joinChunks(outs.data(), statistics.data(), partial.data(), lanes, c.chunks, c.size);
  });
  double worst = 0;
  for (int row = 0; row < c.rows; row++) {
    for (int head = 0; head < heads; head++) {
      const float* query = &q[((size_t)row * heads + head) * c.size];
      const float* found = &partial[((size_t)row * heads + head) * (c.size + 1)];
      std::vector<double> out(c.size, 0.0);
      double sum = 0;
      for (int slot = 0; slot < c.slots; slot++) {
        if (!sees(c, row, slot)) {
          continue;
        }
        size_t at = ((size_t)slot * c.keyValueHeads + head / c.group) * c.size;
        double score = 0;
        for (int d = 0; d < c.size; d++) {
          score += (double)query[d] * keys[at + d];
        }
        double share = std::exp(score / std::sqrt((double)c.size));
        sum += share;
        for (int d = 0; d < c.size; d++) {
          out[d] += share * values[at + d];
        }
      }
      if (sum == 0) {
        bool empty = found[c.size] == -INFINITY;
        for (int d = 0; d < c.size; d++) {
          empty &= found[d] == 0;
        }
        worst = empty ? worst : INFINITY;
        continue;
      }
      for (int d = 0; d < c.size; d++) {
        double difference = std::abs(found[d] - out[d] / sum);
        worst = difference <= worst ? worst : std::isnan(difference) ? INFINITY : difference;
      }
      double difference = std::abs(found[c.size] - std::log(sum));
      worst = difference <= worst ? worst : std::isnan(difference) ? INFINITY : difference;
    }
  }
  return worst;
}

int main() {
  std::vector<Case> cases = {
      {1, 140, 2, 4, 64, 3, {0, 1, 0, 140}},
      {16, 75, 1, 1, 64, 2, {0, 16, 0, 75}},                     // 16 rows in one tile
      {16, 70, 1, 4, 32, 2, {0, 16, 3, 70}},                     // 64 queries
      {17, 100, 1, 4, 40, 3, {0, 17, 0, 77, 5, 6, 80, 99}},      // and a second pass
      {3, 200, 2, 2, 128, 4, {0, 3, 10, 100, 0, 1, 100, 113, 1, 2, 113, 180, 2, 3, 199, 200}},
      {4, 130, 1, 3, 7, 5, {0, 1, 0, 1, 2, 4, 64, 129}},         // row 1 sees nothing; three queries a row
      {2, 65, 1, 8, 96, 1, {0, 0, 0, 9, 0, 2, 5, 5, 1, 2, 0, 65}},
      {5, 64, 1, 1, 256, 40, {0, 5, 0, 64}},                     // more chunks than tiles
  };
  for (int i = 0; i < 5; i++) { // anything
    auto below = [](int n) { return (int)(generator() % n); };
    Case c = {1 + below(9), 20 + below(120), 1 + below(2), 1 + below(5), 8 * (1 + below(8)), 1 + below(7), {}};
    int from = 0;
    while (from < c.slots && c.segments.size() < 160) { // disjoint
      int to = std::min(c.slots, from + below(90));
      int first = below(c.rows);
      c.segments.insert(c.segments.end(), {first, first + 1 + below(c.rows - first), from, to});
      from = to + below(9);
    }
    cases.push_back(c);
  }
  int wrong = 0;
  for (const Case& c : cases) {
    double off = worst(c);
    std::printf("%d rows, %d slots, %d x %d heads of %d, %d chunks: %.2g\n", c.rows, c.slots, c.keyValueHeads, c.group, c.size,
                c.chunks, off);
    wrong += off < 2e-5 ? 0 : 1;
  }
  return wrong == 0 ? 0 : 1;
}
