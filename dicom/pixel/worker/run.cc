#include "dicom/pixel/worker/run.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

#include "dicom/pixel/codecs/codec.h"
#include "sandbox/confine.h"

namespace medarc::dicom::worker {
namespace {

bool send_answer(const wire::Answer& answer) {
  const Bytes message = wire::encode(answer);
  return send(wire::kSocket, message.data(), message.size(), MSG_NOSIGNAL) >= 0;
}

wire::Answer failed(Code code, const char* text) {
  wire::Answer out;
  out.error = make_error(code, text);
  return out;
}

// A shared memory in this process while it lives.
class Mapping {
 public:
  Mapping(int fd, size_t bytes, int protection)
      : bytes_(bytes), at_(mmap(nullptr, bytes, protection, MAP_SHARED, fd, 0)) {}
  ~Mapping() {
    if (ok()) munmap(at_, bytes_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  bool ok() const { return at_ != MAP_FAILED; }
  char* data() const { return static_cast<char*>(at_); }

 private:
  const size_t bytes_;
  void* const at_;
};

wire::Answer serve(ByteView message, Handler handler) {
  const auto request = wire::decode_request(message);
  if (request.has_error()) return failed(Code::unsupported, "a request that cannot be read");
  const Mapping input(wire::kInput, request->input_bytes, PROT_READ);
  const Mapping output(wire::kOutput, request->output_bytes, PROT_READ | PROT_WRITE);
  if (!input.ok() || !output.ok()) {
    return failed(Code::too_large, "the frame needs more memory than a codec may have");
  }
  return handler(*request, {input.data(), request->input_bytes},
                 {output.data(), request->output_bytes});
}

}  // namespace

wire::Answer run_codec(const wire::Request& request, ByteView input, std::span<char> output) {
  wire::Answer out;
  if (request.operation == wire::Operation::decode) {
    auto shape = codec::decode(request.transfer_syntax, request.shape, input, output);
    if (shape.has_error()) {
      out.error = shape.error();
      return out;
    }
    out.shape = std::move(*shape);
    out.output_bytes = output.size();
    return out;
  }
  auto encoded = codec::encode(request.transfer_syntax, request.shape, input, request.quality);
  if (encoded.has_error()) {
    out.error = encoded.error();
    return out;
  }
  if (encoded->codestream.size() > output.size()) {
    return failed(Code::unsupported, "the frame becomes longer by this codec");
  }
  std::copy(encoded->codestream.begin(), encoded->codestream.end(), output.begin());
  out.shape = request.shape;
  out.shape.photometric = std::move(encoded->photometric);
  out.output_bytes = encoded->codestream.size();
  return out;
}

int run(int argc, char** argv, Handler handler) {
  const uint64_t memory_bytes_max = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0;
  if (const Status confined = sandbox::confine(memory_bytes_max); confined.has_error()) {
    send_answer(failed(Code::unsupported, confined.error().text.c_str()));
    return EXIT_FAILURE;
  }
  if (!send_answer({})) return EXIT_FAILURE;
  std::array<char, wire::kMessageBytesMax> message;
  for (;;) {
    const ssize_t n = recv(wire::kSocket, message.data(), message.size(), 0);
    if (n <= 0) return EXIT_SUCCESS;  // the server is gone
    if (!send_answer(serve({message.data(), static_cast<size_t>(n)}, handler))) return EXIT_FAILURE;
  }
}

}  // namespace medarc::dicom::worker
