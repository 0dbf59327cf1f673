// SPDX-License-Identifier: MIT
// local stand-in
#include "core/archive_reader.h"
#include <archive.h>
#include <archive_entry.h>
namespace alogd {
struct ArchiveReader::Impl { archive* a=nullptr; std::string path; ~Impl(){ if(a) archive_read_free(a);} };
ArchiveReader::ArchiveReader(std::unique_ptr<Impl> i):impl_(std::move(i)){}
ArchiveReader::ArchiveReader(ArchiveReader&&) noexcept=default;
ArchiveReader& ArchiveReader::operator=(ArchiveReader&&) noexcept=default;
ArchiveReader::~ArchiveReader()=default;
Result<ArchiveReader> ArchiveReader::Open(const std::string& path){
  auto i=std::make_unique<Impl>(); i->path=path; i->a=archive_read_new();
  archive_read_support_filter_all(i->a); archive_read_support_format_raw(i->a); archive_read_support_format_empty(i->a);
  if(archive_read_open_filename(i->a,path.c_str(),65536)!=ARCHIVE_OK) return Error{archive_error_string(i->a),1};
  return ArchiveReader(std::move(i));
}
Result<bool> ArchiveReader::NextMember(std::string* n,int64_t* m){ archive_entry*e; int r=archive_read_next_header(impl_->a,&e); if(r==ARCHIVE_EOF) return false; if(r!=ARCHIVE_OK) return Error{archive_error_string(impl_->a),1}; *n=impl_->path; *m=0; return true;}
Result<size_t> ArchiveReader::Read(std::span<char> b){ auto r=archive_read_data(impl_->a,b.data(),b.size()); if(r<0) return Error{archive_error_string(impl_->a),1}; return static_cast<size_t>(r);}
}
