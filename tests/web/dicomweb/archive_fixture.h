// A real archive behind a real server, on temporary files and a free loopback port.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "dicom/imaging.h"
#include "dicom/pixel/codec_pool.h"
#include "tests/support/dicom_maker.h"
#include "tests/support/http_client.h"
#include "tests/web/server_fixture.h"
#include "web/dicomweb/routes.h"

namespace medarc::web {

class ArchiveTest : public testing::Test {
 protected:
  ArchiveTest();
  ~ArchiveTest() override;
  void serve(DicomwebOptions options = {}, ServerOptions server = {});

  uint16_t port() const { return server_->port(); }
  std::string base_url() const { return "http://127.0.0.1"; }  // of HttpClient's Host
  test::HttpAnswer get(std::string_view target, const test::HttpClient::Headers& headers = {}) {
    return test::http(port(), "GET", target, headers);
  }
  test::HttpAnswer stow(const std::vector<Bytes>& files, const std::string& study = "",
                        const test::HttpClient::Headers& headers = {});
  // Stores and expects success.
  void store(const test::ImageRecipe& recipe);

  std::string dir_;
  std::unique_ptr<index::Index> index_;
  std::unique_ptr<security::Guard> guard_;
  std::unique_ptr<dicom::CodecPool> codecs_;
  std::unique_ptr<dicom::Imaging> imaging_;
  LenientAuthenticator authenticator_;
  std::unique_ptr<Server> server_;
};

// multipart/related of application/dicom parts with the boundary "XX".
Bytes multipart_of(const std::vector<Bytes>& files);
inline constexpr char kMultipartType[] =
    "multipart/related; type=\"application/dicom\"; boundary=XX";

struct BodyPart {
  std::string type, location, data;
};
// The parts of a multipart answer; empty when it is none.
std::vector<BodyPart> parts_of(const test::HttpAnswer& answer);

}  // namespace medarc::web
