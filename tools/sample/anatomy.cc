#include "tools/sample/anatomy.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "tools/sample/random.h"

namespace medarc::tools::sample {
namespace {

constexpr int kAir = -1000, kLung = -850, kFat = -100, kMuscle = 45, kBlood = 60, kMarrow = 250,
              kCortical = 900;

struct Ellipse {
  double x, y, rx, ry;
  // Below 1 inside.
  double at(double px, double py) const {
    const double dx = (px - x) / rx, dy = (py - y) / ry;
    return dx * dx + dy * dy;
  }
};

// Where everything lies at height `h` (0 neck … 1 abdomen), in a field of -1 … 1.
struct Level {
  Ellipse body, inner, left_lung, right_lung, heart, spine, canal, aorta;
  std::vector<Ellipse> ribs, vessels;
};

Level level_at(double h, uint64_t seed) {
  const double open = std::sin(std::numbers::pi * std::clamp(h * 1.15, 0.0, 1.0));  // lungs' width
  Level l;
  l.body = {0, 0, 0.78 + 0.06 * h, 0.52 + 0.05 * h};
  l.inner = {0, 0, l.body.rx - 0.07 - 0.02 * h, l.body.ry - 0.07 - 0.02 * h};
  l.left_lung = {0.36, -0.02, 0.26 * open, 0.36 * open};
  l.right_lung = {-0.36, -0.02, 0.29 * open, 0.37 * open};
  const double beat = std::max(0.0, std::sin(std::numbers::pi * std::clamp((h - 0.35) * 2, 0.0, 1.0)));
  l.heart = {0.10, -0.10, 0.24 * beat, 0.20 * beat};
  l.spine = {0, 0.33, 0.10, 0.09 + 0.01 * std::sin(h * 60)};  // vertebrae and discs
  l.canal = {0, 0.43, 0.035, 0.03};
  l.aorta = {0.08, 0.20, 0.045, 0.045};
  for (int side : {-1, 1}) {
    for (int i = 0; i < 5; ++i) {
      // Ribs run downwards from back to front: the same rib is met further forward lower down.
      const double turn = std::fmod(h * 6 + i * 0.9, 4.5) / 4.5 * 2.6 - 1.2;
      l.ribs.push_back({side * (l.inner.rx - 0.02) * std::cos(turn),
                        (l.inner.ry - 0.02) * std::sin(turn), 0.035, 0.022});
    }
  }
  Random random(seed);
  for (int i = 0; i < 60; ++i) {  // vessels of the lungs wander slowly along the body
    const double side = i % 2 == 0 ? 0.36 : -0.36;
    const double a = static_cast<double>(random.below(6283)) / 1000 + h * 1.5;
    const double r = 0.03 + static_cast<double>(random.below(1000)) / 1000 * 0.24 * open;
    const double width = 0.004 + static_cast<double>(random.below(1000)) / 1000 * 0.01;
    l.vessels.push_back({side + r * std::cos(a), -0.02 + 1.2 * r * std::sin(a), width, width});
  }
  return l;
}

bool in_any(const std::vector<Ellipse>& shapes, double x, double y) {
  return std::any_of(shapes.begin(), shapes.end(),
                     [&](const Ellipse& e) { return e.at(x, y) < 1; });
}

int hounsfield(const Level& l, double x, double y) {
  if (l.body.at(x, y) > 1) return kAir;
  if (l.inner.at(x, y) > 1) return kFat;
  if (const double bone = l.spine.at(x, y); bone < 1) return bone > 0.75 ? kCortical : kMarrow;
  if (l.canal.at(x, y) < 1) return 20;
  if (in_any(l.ribs, x, y)) return kCortical - 200;
  if (l.aorta.at(x, y) < 1) return kBlood + 90;
  if (l.heart.rx > 0.01 && l.heart.at(x, y) < 1) return l.heart.at(x, y) < 0.4 ? kBlood + 80 : kMuscle;
  const bool lung = (l.left_lung.rx > 0.01 && l.left_lung.at(x, y) < 1) ||
                    (l.right_lung.rx > 0.01 && l.right_lung.at(x, y) < 1);
  if (!lung) return kMuscle;
  return in_any(l.vessels, x, y) ? kBlood : kLung;
}

// About normal with deviation `sigma`: the sum of the bytes of one number.
int noise(uint64_t seed, uint64_t place, int sigma) {
  const uint64_t z = Random::mix(seed + place * 0x9E3779B97F4A7C15ull);
  int sum = 0;
  for (int i = 0; i < 64; i += 16) sum += static_cast<int>(z >> i & 0xFF) - 127;
  return sum * sigma / 148;
}

}  // namespace

Bytes ct_slice(uint32_t z, uint32_t slices_count, uint32_t size, uint64_t seed) {
  const double h = slices_count > 1 ? static_cast<double>(z) / (slices_count - 1) : 0.5;
  const Level level = level_at(h, seed);
  Bytes out(size_t{size} * size * 2, '\0');
  for (uint32_t row = 0; row < size; ++row) {
    const double y = (row + 0.5) * 2 / size - 1;
    for (uint32_t column = 0; column < size; ++column) {
      const double x = (column + 0.5) * 2 / size - 1;
      const size_t place = size_t{row} * size + column;
      int value = hounsfield(level, x, y) + noise(seed + z, place, 12) + 1024;
      value = std::clamp(value, 0, 4095);
      out[2 * place] = static_cast<char>(value & 0xFF);
      out[2 * place + 1] = static_cast<char>(value >> 8);
    }
  }
  return out;
}

Bytes cine_frame(uint32_t t, uint32_t frames_count, uint32_t rows, uint32_t columns,
                 uint64_t seed) {
  const double phase = 2 * std::numbers::pi * t / std::max(frames_count, 1u);
  const double squeeze = 0.85 + 0.15 * std::cos(phase);
  const Ellipse outer{0, 1.05, 0.36, 0.42};
  const Ellipse chamber{0, 1.05, 0.26 * squeeze, 0.33 * squeeze};
  Bytes out(size_t{rows} * columns, '\0');
  for (uint32_t row = 0; row < rows; ++row) {
    const double y = 2.0 * row / rows;  // depth from the probe
    for (uint32_t column = 0; column < columns; ++column) {
      const double x = (2.0 * column / columns - 1) * columns / rows;
      const double depth = std::hypot(x, y);
      if (depth < 0.08 || depth > 1.9 || std::abs(std::atan2(x, y)) > 0.75) continue;
      const size_t place = size_t{row} * columns + column;
      int value = 60 - static_cast<int>(depth * 15);
      if (outer.at(x, y) < 1) value = chamber.at(x, y) < 1 ? 8 : 130;
      // Speckle stands still with the tissue and is stronger where more is reflected.
      value += noise(seed, place, 4 + value / 5);
      out[place] = static_cast<char>(std::clamp(value, 0, 255));
    }
  }
  return out;
}

}  // namespace medarc::tools::sample
