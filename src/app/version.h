/* app/version.h: the version that `twin --version` prints. */
#ifndef TW_APP_VERSION_H
#define TW_APP_VERSION_H

#define TW_VERSION "0.1.0"

#endif
