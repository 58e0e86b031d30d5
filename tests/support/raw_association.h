// A small DICOM client over a plain socket, for tests that must send what no toolkit sends. It
// builds and reads its own octets, so that a mistake in the server's codec cannot hide in it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medarc::test {

// Octets for PS3.8 items (big-endian lengths) and PS3.5 elements (little-endian).
std::string be16(uint16_t v);
std::string be32(uint32_t v);
std::string le16(uint16_t v);
std::string le32(uint32_t v);
// `n` octets from `at`; what lies behind the end counts as 0.
uint32_t read_be(std::string_view v, size_t at, size_t n);
uint32_t read_le(std::string_view v, size_t at, size_t n);
std::string ul_item(uint8_t type, std::string_view value);
std::string ul_pdu(uint8_t type, std::string_view body);

struct RawPdu {
  uint8_t type = 0;  // 1 RQ, 2 AC, 3 RJ, 4 P-DATA, 5 RELEASE-RQ, 6 RELEASE-RP, 7 ABORT
  std::string body;
};

// A TCP connection to the loopback interface.
class RawSocket {
 public:
  RawSocket() = default;
  explicit RawSocket(uint16_t port);
  static RawSocket of(int fd);  // one that was accepted; it is closed with this
  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket&& other) noexcept;
  ~RawSocket();
  bool open() const { return fd_ >= 0; }
  bool send(std::string_view bytes);                  // false: the server is gone
  std::optional<RawPdu> read(int timeout_ms = 5000);  // nullopt: closed, or nothing in time
  bool closed_within(int timeout_ms);                 // reads on until the server closes
  void close();                                       // with a reset when data is unread

 private:
  bool read_exactly(char* out, size_t n, int timeout_ms);
  int fd_ = -1;
};

struct RawContext {
  uint8_t id = 1;
  std::string abstract_syntax;
  std::vector<std::string> transfer_syntaxes;
};

struct RawRequest {
  std::vector<RawContext> contexts;
  std::string called = "MEDARC";
  std::string calling = "RAW";
  std::string application_context = "1.2.840.10008.3.1.1.1";
  uint16_t protocol_version = 1;
  std::optional<uint32_t> pdu_bytes_max = 16384;
  std::string user_items;   // further sub-items of the user information
  std::string other_items;  // further items of the request
};
std::string associate_rq(const RawRequest& request);
std::string async_window(uint16_t invoked, uint16_t performed);  // a user item

struct RawResponse {
  uint16_t command_field = 0;
  uint16_t message_id = 0;  // being responded to
  uint16_t status = 0xFFFF;
  std::string comment;
  std::string instance;
  uint16_t request_id = 0;  // of a request that came instead
  uint16_t event_type = 0;  // of an N-EVENT-REPORT-RQ
  std::string dataset;                                // when one follows
  std::optional<uint16_t> remaining, completed, failed, warning;  // sub-operations
};

class RawAssociation {
 public:
  // Connects and negotiates; see established() and rejection.
  RawAssociation(uint16_t port, const RawRequest& request);
  bool established() const { return established_; }

  RawSocket socket;
  std::map<uint8_t, std::string> accepted;  // context id → transfer syntax
  std::map<uint8_t, uint8_t> results;       // context id → result
  std::string answer;                       // body of the A-ASSOCIATE-AC
  std::optional<RawPdu> refused;            // the RJ or ABORT that came instead
  uint32_t server_pdu_bytes_max = 0;

  // Fragments `data` into PDVs of `fragment_bytes` (0: as long as the server takes), one a PDU.
  bool send_message(uint8_t context, bool command, std::string_view data,
                    size_t fragment_bytes = 0);
  bool send_store_rq(uint8_t context, std::string_view sop_class, std::string_view instance,
                     uint16_t message_id = 1);
  std::optional<RawResponse> read_response(int timeout_ms = 5000);

  std::optional<RawResponse> store(uint8_t context, std::string_view sop_class,
                                   std::string_view instance, std::string_view dataset,
                                   size_t fragment_bytes = 0, int timeout_ms = 20000);
  std::optional<RawResponse> echo(uint8_t context);
  // N-ACTION of storage commitment; answers its response.
  std::optional<RawResponse> request_commitment(uint8_t context, std::string_view dataset,
                                                uint16_t action = 1);
  // Answers an N-EVENT-REPORT-RQ that was read by read_response().
  bool answer_report(uint8_t context, const RawResponse& report, uint16_t status);
  bool release();  // true: answered
  void abort();

 private:
  std::optional<std::string> read_message(int timeout_ms);
  bool established_ = false;
  std::string unread_;  // PDVs that came with an earlier message
};

// A command set in implicit VR little endian, group length first; values as they are.
std::string command_set(const std::map<uint16_t, std::string>& elements);
std::string ui(std::string_view uid);  // padded to even length

}  // namespace medarc::test
