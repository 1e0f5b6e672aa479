// SPDX-License-Identifier: GPL-2.0-only
/*
 * The uAPI header as an i386 program sees it: there a __u64 is aligned to 4 bytes, which is what
 * this pragma does, also without a compiler for i386. Nothing else may be included below it.
 */
#include <linux/ioctl.h>
#include <linux/types.h>

#include "layout.h"

#pragma pack(push, 4)
#include "../../uapi/vfio.h"
#pragma pack(pop)

const struct nesting_layout nesting_layout_32 = NESTING_LAYOUT;
