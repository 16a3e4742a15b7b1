/* base/version.h: the version of Twin: what `twin --version` prints, and hosts are told. */
#ifndef TW_BASE_VERSION_H
#define TW_BASE_VERSION_H

#define TW_VERSION "0.1.0"

#endif
