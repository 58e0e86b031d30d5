// Runs a fuzz target over the files of its corpus, each whole, cut short and with flipped octets:
// what fuzzing has found stays found, in every ordinary test run.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void run(const std::string& input) {
  // Exactly as long as the input, so that sanitizers see a read past its end.
  std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  size_t files = 0, inputs = 0;
  for (int i = 1; i < argc; ++i) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i], error)) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string input((std::istreambuf_iterator<char>(in)), {});
      ++files;
      run(input);
      // At most some hundred variants of each, spread evenly over it.
      const size_t step = std::max<size_t>(1, input.size() / 200);
      for (size_t at = 0; at < input.size(); at += step) {
        run(input.substr(0, at));
        std::string flipped = input;
        flipped[at] = static_cast<char>(~flipped[at]);
        run(flipped);
        inputs += 2;
      }
    }
  }
  std::printf("%zu files, %zu inputs\n", files, files + inputs);
  return files == 0 ? 1 : 0;
}
