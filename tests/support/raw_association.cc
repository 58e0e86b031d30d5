#include "tests/support/raw_association.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace medarc::test {
namespace {

constexpr uint8_t kAc = 2, kPData = 4, kReleaseRq = 5, kReleaseRp = 6, kAbort = 7;

std::string title(std::string text) {
  text.resize(16, ' ');
  return text;
}

}  // namespace

std::string be16(uint16_t v) { return {static_cast<char>(v >> 8), static_cast<char>(v)}; }
std::string be32(uint32_t v) { return be16(v >> 16) + be16(static_cast<uint16_t>(v)); }
std::string le16(uint16_t v) { return {static_cast<char>(v), static_cast<char>(v >> 8)}; }
std::string le32(uint32_t v) { return le16(static_cast<uint16_t>(v)) + le16(v >> 16); }

uint32_t read_be(std::string_view v, size_t at, size_t n) {
  uint32_t out = 0;
  for (size_t i = at; i < at + n; ++i) {
    out = out << 8 | (i < v.size() ? static_cast<uint8_t>(v[i]) : 0);
  }
  return out;
}
uint32_t read_le(std::string_view v, size_t at, size_t n) {
  uint32_t out = 0;
  for (size_t i = n; i-- > 0;) {
    out = out << 8 | (at + i < v.size() ? static_cast<uint8_t>(v[at + i]) : 0);
  }
  return out;
}

std::string ul_item(uint8_t type, std::string_view value) {
  std::string out{static_cast<char>(type), '\0'};
  return out + be16(static_cast<uint16_t>(value.size())) + std::string(value);
}
std::string ul_pdu(uint8_t type, std::string_view body) {
  std::string out{static_cast<char>(type), '\0'};
  return out + be32(static_cast<uint32_t>(body.size())) + std::string(body);
}

RawSocket::RawSocket(uint16_t port) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) close();
  const int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}
RawSocket RawSocket::of(int fd) {
  RawSocket out;
  out.fd_ = fd;
  return out;
}
RawSocket::RawSocket(RawSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
RawSocket& RawSocket::operator=(RawSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
RawSocket::~RawSocket() { close(); }

void RawSocket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool RawSocket::read_exactly(char* out, size_t n, int timeout_ms) {
  while (n > 0) {
    pollfd fd{fd_, POLLIN, 0};
    if (::poll(&fd, 1, timeout_ms) <= 0) return false;
    const ssize_t got = ::recv(fd_, out, n, 0);
    if (got <= 0) return false;
    out += got;
    n -= static_cast<size_t>(got);
  }
  return true;
}

std::optional<RawPdu> RawSocket::read(int timeout_ms) {
  char header[6];
  if (!read_exactly(header, sizeof header, timeout_ms)) return std::nullopt;
  RawPdu out;
  out.type = static_cast<uint8_t>(header[0]);
  out.body.resize(read_be({header, sizeof header}, 2, 4));
  if (!read_exactly(out.body.data(), out.body.size(), timeout_ms)) return std::nullopt;
  return out;
}

bool RawSocket::closed_within(int timeout_ms) {
  char scratch[4096];
  for (;;) {
    pollfd fd{fd_, POLLIN, 0};
    if (::poll(&fd, 1, timeout_ms) <= 0) return false;
    if (::recv(fd_, scratch, sizeof scratch, 0) <= 0) return true;
  }
}

std::string associate_rq(const RawRequest& request) {
  std::string body = be16(request.protocol_version) + be16(0) + title(request.called) +
                     title(request.calling) + std::string(32, '\0');
  body += ul_item(0x10, request.application_context);
  for (const RawContext& context : request.contexts) {
    std::string value{static_cast<char>(context.id), '\0', '\0', '\0'};
    value += ul_item(0x30, context.abstract_syntax);
    for (const std::string& ts : context.transfer_syntaxes) value += ul_item(0x40, ts);
    body += ul_item(0x20, value);
  }
  body += request.other_items;
  std::string user;
  if (request.pdu_bytes_max) user += ul_item(0x51, be32(*request.pdu_bytes_max));
  user += ul_item(0x52, "1.2.3.4") + ul_item(0x55, "RAW_TEST") + request.user_items;
  body += ul_item(0x50, user);
  return ul_pdu(1, body);
}

std::string async_window(uint16_t invoked, uint16_t performed) {
  return ul_item(0x53, be16(invoked) + be16(performed));
}

std::string ui(std::string_view uid) {
  std::string out(uid);
  if (out.size() % 2 != 0) out += '\0';
  return out;
}

std::string command_set(const std::map<uint16_t, std::string>& elements) {
  std::string body;
  for (const auto& [element, value] : elements) {
    body += le16(0) + le16(element) + le32(static_cast<uint32_t>(value.size())) + value;
  }
  return le16(0) + le16(0) + le32(4) + le32(static_cast<uint32_t>(body.size())) + body;
}

RawAssociation::RawAssociation(uint16_t port, const RawRequest& request) : socket(port) {
  if (!socket.open() || !socket.send(associate_rq(request))) return;
  std::optional<RawPdu> pdu = socket.read();
  if (!pdu) return;
  if (pdu->type != kAc) {
    refused = std::move(pdu);
    return;
  }
  established_ = true;
  answer = pdu->body;
  size_t at = 68;
  while (at + 4 <= answer.size()) {
    const auto type = static_cast<uint8_t>(answer[at]);
    const size_t length = read_be(answer, at + 2, 2);
    const std::string_view value = std::string_view(answer).substr(at + 4, length);
    if (type == 0x21 && value.size() >= 8) {
      const auto id = static_cast<uint8_t>(value[0]);
      results[id] = static_cast<uint8_t>(value[2]);
      if (value[2] == 0) accepted[id] = value.substr(8);
    } else if (type == 0x50) {
      for (size_t in = 0; in + 4 <= value.size(); in += 4 + read_be(value, in + 2, 2)) {
        if (value[in] == 0x51) server_pdu_bytes_max = read_be(value, in + 4, 4);
      }
    }
    at += 4 + length;
  }
}

bool RawAssociation::send_message(uint8_t context, bool command, std::string_view data,
                                  size_t fragment_bytes) {
  const size_t most = server_pdu_bytes_max == 0 ? 65536 : server_pdu_bytes_max - 6;
  const size_t step = fragment_bytes == 0 ? most : fragment_bytes;
  std::string out;
  do {
    const std::string_view part = data.substr(0, step);
    data.remove_prefix(part.size());
    out += static_cast<char>(kPData);
    out += '\0';
    out +=
        be32(static_cast<uint32_t>(part.size() + 6)) + be32(static_cast<uint32_t>(part.size() + 2));
    out += static_cast<char>(context);
    out += static_cast<char>((command ? 1 : 0) | (data.empty() ? 2 : 0));
    out.append(part);
    if (out.size() >= (1u << 20) || data.empty()) {
      if (!socket.send(out)) return false;
      out.clear();
    }
  } while (!data.empty());
  return true;
}

bool RawAssociation::send_store_rq(uint8_t context, std::string_view sop_class,
                                   std::string_view instance, uint16_t message_id) {
  return send_message(context, true,
                      command_set({{0x0002, ui(sop_class)},
                                   {0x0100, le16(0x0001)},
                                   {0x0110, le16(message_id)},
                                   {0x0700, le16(0)},
                                   {0x0800, le16(0x0001)},
                                   {0x1000, ui(instance)}}));
}

// One command or dataset, of any number of P-DATA-TF PDUs.
std::optional<std::string> RawAssociation::read_message(int timeout_ms) {
  std::string bytes;
  while (true) {
    while (unread_.size() < 6) {
      const std::optional<RawPdu> pdu = socket.read(timeout_ms);
      if (!pdu || pdu->type != kPData) {
        if (pdu) refused = pdu;
        return std::nullopt;
      }
      unread_ += pdu->body;
    }
    const size_t length = read_be(unread_, 0, 4);
    const bool last = (unread_[5] & 2) != 0;
    bytes += unread_.substr(6, length - 2);
    unread_.erase(0, 4 + length);
    if (last) return bytes;
  }
}

std::optional<RawResponse> RawAssociation::read_response(int timeout_ms) {
  const auto command = read_message(timeout_ms);
  if (!command) return std::nullopt;
  RawResponse out;
  bool dataset = false;
  for (size_t at = 0; at + 8 <= command->size();) {
    const uint32_t element = read_le(*command, at + 2, 2);
    const uint32_t length = read_le(*command, at + 4, 4);
    const std::string value = command->substr(at + 8, length);
    const auto number = [&] { return static_cast<uint16_t>(read_le(value, 0, 2)); };
    if (element == 0x0100) out.command_field = number();
    if (element == 0x0110) out.request_id = number();
    if (element == 0x1002) out.event_type = number();
    if (element == 0x0120) out.message_id = number();
    if (element == 0x0800) dataset = number() != 0x0101;
    if (element == 0x0900) out.status = number();
    if (element == 0x0902) out.comment = value;
    if (element == 0x1000) out.instance = value;
    if (element == 0x1020) out.remaining = number();
    if (element == 0x1021) out.completed = number();
    if (element == 0x1022) out.failed = number();
    if (element == 0x1023) out.warning = number();
    at += 8 + length;
  }
  if (!dataset) return out;
  const auto identifier = read_message(timeout_ms);
  if (!identifier) return std::nullopt;
  out.dataset = *identifier;
  return out;
}

std::optional<RawResponse> RawAssociation::store(uint8_t context, std::string_view sop_class,
                                                 std::string_view instance,
                                                 std::string_view dataset, size_t fragment_bytes,
                                                 int timeout_ms) {
  if (!send_store_rq(context, sop_class, instance) ||
      !send_message(context, false, dataset, fragment_bytes)) {
    return std::nullopt;
  }
  return read_response(timeout_ms);
}

std::optional<RawResponse> RawAssociation::echo(uint8_t context) {
  if (!send_message(context, true,
                    command_set({{0x0002, ui("1.2.840.10008.1.1")},
                                 {0x0100, le16(0x0030)},
                                 {0x0110, le16(7)},
                                 {0x0800, le16(0x0101)}}))) {
    return std::nullopt;
  }
  return read_response();
}

std::optional<RawResponse> RawAssociation::request_commitment(uint8_t context,
                                                              std::string_view dataset,
                                                              uint16_t action) {
  const std::string command = command_set({{0x0003, ui("1.2.840.10008.1.20.1")},
                                           {0x0100, le16(0x0130)},
                                           {0x0110, le16(5)},
                                           {0x0800, le16(0x0000)},
                                           {0x1001, ui("1.2.840.10008.1.20.1.1")},
                                           {0x1008, le16(action)}});
  if (!send_message(context, true, command) || !send_message(context, false, dataset)) {
    return std::nullopt;
  }
  return read_response();
}

bool RawAssociation::answer_report(uint8_t context, const RawResponse& report, uint16_t status) {
  return send_message(context, true,
                      command_set({{0x0002, ui("1.2.840.10008.1.20.1")},
                                   {0x0100, le16(0x8100)},
                                   {0x0120, le16(report.request_id)},
                                   {0x0800, le16(0x0101)},
                                   {0x0900, le16(status)},
                                   {0x1000, ui("1.2.840.10008.1.20.1.1")},
                                   {0x1002, le16(report.event_type)}}));
}

bool RawAssociation::release() {
  if (!socket.send(ul_pdu(kReleaseRq, std::string(4, '\0')))) return false;
  const std::optional<RawPdu> pdu = socket.read();
  return pdu && pdu->type == kReleaseRp;
}

void RawAssociation::abort() {
  socket.send(ul_pdu(kAbort, std::string(4, '\0')));
  socket.close();
}

}  // namespace medarc::test
