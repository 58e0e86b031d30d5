#include "tests/web/dicomweb/archive_fixture.h"

#include <cstdlib>
#include <filesystem>

#include "dicom/dictionary.h"
#include "web/accept.h"
#include "web/multipart.h"
#include "web/operations.h"

namespace medarc::web {

ArchiveTest::ArchiveTest() {
  dir_ = (std::filesystem::temp_directory_path() / "medarc-web-XXXXXX").string();
  EXPECT_NE(mkdtemp(dir_.data()), nullptr);
  index::IndexOptions options;
  auto opened = index::open_index(posix_fs(), dir_, options);
  EXPECT_TRUE(opened.has_value()) << opened.error().text;
  index_ = std::move(*opened);
  EXPECT_TRUE(dicom::load_dictionary());
  guard_ = security::Guard::create(*index_, {});
  codecs_ = dicom::CodecPool::create({});
  imaging_ = dicom::Imaging::create(*index_, *guard_, {}, codecs_.get());
}

ArchiveTest::~ArchiveTest() {
  server_.reset();
  imaging_.reset();
  guard_.reset();
  index_.reset();
  std::filesystem::remove_all(dir_);
}

void ArchiveTest::serve(DicomwebOptions options, ServerOptions server_options) {
  std::vector<Route> routes = dicomweb_routes(*imaging_, options);
  const std::vector<Route> more = operations_routes({imaging_.get(), guard_.get(), "test"}, routes);
  routes.insert(routes.end(), more.begin(), more.end());
  server_options.port = 0;
  auto server = Server::start(std::move(server_options), std::move(routes), authenticator_);
  ASSERT_TRUE(server.has_value()) << server.error().text;
  server_ = std::move(*server);
}

Bytes multipart_of(const std::vector<Bytes>& files) {
  Bytes out;
  for (const Bytes& file : files) {
    out += "--XX\r\nContent-Type: application/dicom\r\n\r\n" + file + "\r\n";
  }
  return out + "--XX--\r\n";
}

test::HttpAnswer ArchiveTest::stow(const std::vector<Bytes>& files, const std::string& study,
                                   const test::HttpClient::Headers& headers) {
  test::HttpClient::Headers all{{"Content-Type", kMultipartType}};
  all.insert(all.end(), headers.begin(), headers.end());
  return test::http(port(), "POST", "/dicom-web/studies" + (study.empty() ? "" : "/" + study), all,
                    multipart_of(files));
}

void ArchiveTest::store(const test::ImageRecipe& recipe) {
  const test::HttpAnswer answer = stow({test::make_file(recipe)});
  ASSERT_EQ(answer.status, 200) << answer.body;
}

namespace {

class Collect : public PartSink {
 public:
  Status begin_part(const Headers& headers) override {
    parts.push_back({std::string(headers.find("Content-Type")),
                     std::string(headers.find("Content-Location")), ""});
    return {};
  }
  Status part_data(ByteView bytes) override {
    parts.back().data += bytes;
    return {};
  }
  Status end_part() override { return {}; }
  std::vector<BodyPart> parts;
};

}  // namespace

std::vector<BodyPart> parts_of(const test::HttpAnswer& answer) {
  const auto media = parse_media_type(answer.header("Content-Type"));
  if (!media || !media->is("multipart/related")) return {};
  Collect collect;
  MultipartParser parser(std::string(media->parameter("boundary")), {}, collect);
  EXPECT_TRUE(parser.feed(answer.body));
  EXPECT_TRUE(parser.finish());
  return collect.parts;
}

}  // namespace medarc::web
