#include "tests/support/report_receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/raw_association.h"

namespace medarc::test {
namespace {

// The A-ASSOCIATE-AC that accepts every proposed context with its first syntax.
std::string accept(const std::string& rq, ReceivedReport& seen, std::string& first_syntax) {
  std::string body = rq.substr(0, 68), contexts;
  seen.calling = rq.substr(20, 16);
  for (size_t at = 68; at + 4 <= rq.size(); at += 4 + read_be(rq, at + 2, 2)) {
    const auto type = static_cast<uint8_t>(rq[at]);
    const std::string value = rq.substr(at + 4, read_be(rq, at + 2, 2));
    if (type == 0x20) {
      const std::string_view items = std::string_view(value).substr(4);
      const size_t syntax_at = 4 + read_be(items, 2, 2);
      const std::string syntax(items.substr(syntax_at + 4, read_be(items, syntax_at + 2, 2)));
      if (first_syntax.empty()) first_syntax = syntax;
      contexts += ul_item(0x21, std::string{value[0], '\0', '\0', '\0'} + ul_item(0x40, syntax));
    } else if (type == 0x50) {
      for (size_t in = 0; in + 4 <= value.size(); in += 4 + read_be(value, in + 2, 2)) {
        const std::string role = value.substr(in + 4, read_be(value, in + 2, 2));
        if (value[in] == 0x54) seen.provider_role = role.back() == 1;
      }
    }
  }
  body += ul_item(0x10, "1.2.840.10008.3.1.1.1") + contexts;
  body += ul_item(0x50, ul_item(0x51, be32(16384)) + ul_item(0x52, "1.2.3.4"));
  return ul_pdu(2, body);
}

}  // namespace

ReportReceiver::ReportReceiver(uint16_t port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0) return;
  ::listen(listener_, 16);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
  port_ = ntohs(at.sin_port);
  thread_ = std::thread([this] { listen(); });
}

ReportReceiver::~ReportReceiver() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  ::close(listener_);
}

std::vector<ReceivedReport> ReportReceiver::reports() const {
  std::lock_guard lock(mutex_);
  return reports_;
}

void ReportReceiver::listen() {
  while (!stopping_) {
    pollfd wait{listener_, POLLIN, 0};
    if (::poll(&wait, 1, 50) <= 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++associations_;
    serve(RawSocket::of(fd));
  }
}

void ReportReceiver::serve(RawSocket peer) {
  constexpr int kWaitMs = 10'000;
  std::string command, data, syntax;
  ReceivedReport seen;
  auto pdu = peer.read(kWaitMs);
  if (!pdu || pdu->type != 1) return;
  peer.send(rejecting ? ul_pdu(3, std::string("\0\1\1\3", 4)) : accept(pdu->body, seen, syntax));
  while ((pdu = peer.read(kWaitMs)) && pdu->type == 4) {
    const std::string& body = pdu->body;
    for (size_t at = 0; at + 6 <= body.size(); at += 4 + read_be(body, at, 4)) {
      const char control = body[at + 5];
      std::string& into = (control & 1) != 0 ? command : data;
      into += body.substr(at + 6, read_be(body, at, 4) - 2);
      if (control != 2) continue;
      seen.dataset = std::exchange(data, {});
      seen.transfer_syntax = syntax;
      std::string id = le16(0);
      for (size_t e = 0; e + 8 <= command.size(); e += 8 + read_le(command, e + 4, 4)) {
        if (read_le(command, e + 2, 2) == 0x0110) id = command.substr(e + 8, 2);
        if (read_le(command, e + 2, 2) == 0x1002) {
          seen.event_type = static_cast<uint16_t>(read_le(command, e + 8, 2));
        }
      }
      command.clear();
      {
        std::lock_guard lock(mutex_);
        reports_.push_back(seen);
      }
      const std::string answer = command_set({{0x0002, ui("1.2.840.10008.1.20.1")},
                                              {0x0100, le16(0x8100)},
                                              {0x0120, id},
                                              {0x0800, le16(0x0101)},
                                              {0x0900, le16(status)},
                                              {0x1000, ui("1.2.840.10008.1.20.1.1")}});
      peer.send(ul_pdu(4, be32(static_cast<uint32_t>(answer.size() + 2)) +
                              std::string{body[at + 4], '\3'} + answer));
    }
  }
  if (pdu && pdu->type == 5) peer.send(ul_pdu(6, std::string(4, '\0')));
}

}  // namespace medarc::test
