// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Cache invalidation of the VFIO nesting series v7: every cell of cache type and granularity,
 * fields, ranges, as posted and as reviewed; and that the known-bad variants of the front end show.
 */
#include "vfio_nest_fixture.h"

/* ---- invalidation */

/* Inner result of each cell, and whether the IOTLB entry goes as posted and as reviewed. */
static const struct {
	uint8_t cache, granularity;
	int rc;
	bool posted_flush, reviewed_flush;
} cells[] = {
	{ 0, GRANU_DOMAIN, 0, false, false },
	{ 0, GRANU_PASID, 0, false, false },
	{ 0, GRANU_ADDR, 0, false, false },
	{ IOTLB, GRANU_DOMAIN, -EINVAL, false, false },
	{ IOTLB, GRANU_PASID, 0, true, true },
	{ IOTLB, GRANU_ADDR, 0, true, true },
	{ DEV, GRANU_DOMAIN, -EINVAL, false, false },
	{ DEV, GRANU_PASID, -EINVAL, false, false },
	{ DEV, GRANU_ADDR, 0, false, false },
	{ IOTLB | DEV, GRANU_DOMAIN, -EINVAL, false, false },
	{ IOTLB | DEV, GRANU_PASID, -EINVAL, true, false },
	{ IOTLB | DEV, GRANU_ADDR, 0, true, true },
	{ PASID, GRANU_DOMAIN, -EINVAL, false, false },
	{ PASID, GRANU_PASID, -EINVAL, false, false },
	{ PASID, GRANU_ADDR, -EINVAL, false, false },
	{ IOTLB | PASID, GRANU_DOMAIN, -EINVAL, false, false },
	{ IOTLB | PASID, GRANU_PASID, -EINVAL, true, false },
	{ IOTLB | PASID, GRANU_ADDR, -EINVAL, false, false },
	{ DEV | PASID, GRANU_DOMAIN, -EINVAL, false, false },
	{ DEV | PASID, GRANU_PASID, -EINVAL, false, false },
	{ DEV | PASID, GRANU_ADDR, -EINVAL, false, false },
	{ IOTLB | DEV | PASID, GRANU_DOMAIN, -EINVAL, false, false },
	{ IOTLB | DEV | PASID, GRANU_PASID, -EINVAL, true, false },
	{ IOTLB | DEV | PASID, GRANU_ADDR, -EINVAL, false, false },
	{ 8, GRANU_ADDR, -EINVAL, false, false },
	{ 0x80 | IOTLB, GRANU_PASID, -EINVAL, false, false },
	{ IOTLB, 3, -EINVAL, false, false },
	{ IOTLB, 255, -EINVAL, false, false },
};

TEST_F(nest, inv_matrix)
{
	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	for (unsigned int i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		ASSERT_EQ(0, WRITE(0, 5, 0));
		ASSERT_TRUE(CACHED(5, 0));
		EXPECT_EQ(POSTED(0, cells[i].rc), vf_inv(A, cells[i].cache, cells[i].granularity, 5,
							 GUEST_GVA, 1))
			TH_LOG("cache %u, granularity %u", cells[i].cache, cells[i].granularity);
		EXPECT_EQ(POSTED(cells[i].posted_flush, cells[i].reviewed_flush), !CACHED(5, 0))
			TH_LOG("cache %u, granularity %u", cells[i].cache, cells[i].granularity);
	}
}

/* Device TLBs of devices with ATS: the IOTLB's flush takes them along, DEV_IOTLB is them alone. */
TEST_F(nest, inv_device_tlb)
{
	struct iommu_ref_dma dma = { .device = 0, .has_pasid = true, .pasid = 5,
				     .iova = GUEST_GVA };
	struct iommu_ref_ats_completion c;

	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(6, vf_alloc(A, 6, 6));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	ASSERT_EQ(0, vf_bind(A, 6, self->root));
	for (unsigned int i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		bool dev_only = cells[i].cache == DEV && cells[i].granularity == GRANU_ADDR;

		for (dma.pasid = 5; dma.pasid < 7; dma.pasid++)
			ASSERT_EQ(0, iommu_ref_ats_translate(self->ref, &dma, &c));
		vf_inv(A, cells[i].cache, cells[i].granularity, 5, GUEST_GVA, 1);
		EXPECT_EQ(POSTED(cells[i].posted_flush, cells[i].reviewed_flush), !CACHED(5, 0));
		EXPECT_TRUE(iommu_ref_atc_cached(self->ref, (dma.pasid = 6, &dma)));
		dma.pasid = 5;
		EXPECT_EQ(POSTED(cells[i].posted_flush, cells[i].reviewed_flush) || dev_only,
			  !iommu_ref_atc_cached(self->ref, &dma))
			TH_LOG("cache %u, granularity %u", cells[i].cache, cells[i].granularity);
	}
	/* pages 1 to 3 take an aligned block of 4 */
	for (unsigned int page = 0; page < 5; page++) {
		dma.iova = GUEST_GVA + page * PG;
		ASSERT_EQ(0, iommu_ref_ats_translate(self->ref, &dma, &c));
	}
	ASSERT_EQ(0, vf_inv(A, DEV, GRANU_ADDR, 5, GUEST_GVA + PG, 3));
	EXPECT_TRUE(iommu_ref_atc_cached(self->ref, &dma));
	dma.iova -= 2 * PG;
	EXPECT_FALSE(iommu_ref_atc_cached(self->ref, &dma));
	EXPECT_TRUE(CACHED(5, 2));
	/* an unbind takes what is left of the PASID */
	dma.iova += 2 * PG;
	ASSERT_EQ(0, vf_unbind(A, 5));
	EXPECT_FALSE(iommu_ref_atc_cached(self->ref, &dma));
}

TEST_F(nest, inv_argsz)
{
	static const struct {
		uint8_t granularity;
		uint32_t argsz;
		int rc;
	} t[] = {
		{ GRANU_DOMAIN, 15, -EINVAL }, { GRANU_DOMAIN, 16, 0 }, { GRANU_DOMAIN, 64, 0 },
		{ GRANU_PASID, 16, -EINVAL }, { GRANU_PASID, 31, -EINVAL }, { GRANU_PASID, 32, 0 },
		{ GRANU_ADDR, 16, -EINVAL }, { GRANU_ADDR, 55, -EINVAL }, { GRANU_ADDR, 56, 0 },
		{ GRANU_ADDR, 64, 0 },
	};
	struct {
		struct vf_inv inv;
		uint8_t tail[8];
	} arg;

	memset(&arg, 0xff, sizeof(arg));
	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		uint8_t cache = t[i].granularity == GRANU_DOMAIN ? 0 : IOTLB;

		ASSERT_EQ(0, WRITE(0, 5, 0));
		arg.inv = vf_inv_arg(cache, t[i].granularity, 5, GUEST_GVA, 1);
		arg.inv.op.argsz = sizeof(arg);
		arg.inv.info.argsz = t[i].argsz;
		EXPECT_EQ(POSTED(0, t[i].rc), vf_nesting(self->a.proc, self->a.container, &arg));
		EXPECT_EQ(t[i].rc || !cache, CACHED(5, 0));
	}
}

TEST_F(nest, inv_fields)
{
	struct vf_inv arg;

	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(6, vf_alloc(A, 6, 6));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	ASSERT_EQ(0, WRITE(0, 5, 0));
#define REFUSED(rc) do { \
	EXPECT_EQ(POSTED(0, rc), vf_nesting(A, &arg)); \
	EXPECT_TRUE(CACHED(5, 0)); \
	arg = vf_inv_arg(IOTLB, GRANU_ADDR, 5, GUEST_GVA, 1); \
} while (0)
	arg = vf_inv_arg(IOTLB, GRANU_ADDR, 5, GUEST_GVA, 1);
	arg.info.version = 2;
	REFUSED(-EINVAL);
	for (int i = 0; i < 6; i++) {
		arg.info.padding[i] = 1;
		REFUSED(-EINVAL);
	}
	arg.info.granu.addr_info.flags = 9;
	REFUSED(-EINVAL);
	arg.info.granu.addr_info.flags = 0;	/* so it is PASID 0, which nobody has */
	REFUSED(-ENOENT);
	arg.info.granu.addr_info.pasid = 7;
	REFUSED(-ENOENT);
	arg.info.granu.addr_info.pasid = 6;	/* own, not bound */
	REFUSED(-EINVAL);
	arg = vf_inv_arg(IOTLB, GRANU_PASID, 5, 0, 0);
	arg.info.granu.pasid_info.flags = 5;
	REFUSED(-EINVAL);
	arg = vf_inv_arg(IOTLB, GRANU_PASID, 5, 0, 0);
	arg.info.granu.pasid_info.flags = 0;
	REFUSED(-EINVAL);
	arg.op.argsz = 8 + 55;
	EXPECT_EQ(POSTED(0, -EINVAL), vf_nesting(A, &arg));
	EXPECT_EQ(!self->posted, CACHED(5, 0));
	arg.op.argsz = 8 + 56;
	arg.info.granu.addr_info.flags = 7;
	arg.info.granu.addr_info.archid = 99;
	EXPECT_EQ(0, vf_nesting(A, &arg));
	EXPECT_FALSE(CACHED(5, 0));
}

TEST_F(nest, inv_ranges)
{
	/* From page, pages; bit n: page n goes. Posted: an aligned power of two. */
	static const struct {
		unsigned int page, pages;
		uint8_t posted, reviewed;
	} t[] = {
		{ 1, 1, 0x02, 0x02 }, { 2, 0, 0x04, 0x04 }, { 0, 3, 0x0f, 0x07 },
		{ 4, 2, 0x30, 0x30 }, { 0, 8, 0xff, 0xff }, { 1, 4, 0x0f, 0x1e },
		{ 5, 2, 0x30, 0x60 },
	};

	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(6, vf_alloc(A, 6, 6));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	ASSERT_EQ(0, vf_bind(A, 6, self->root));
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		uint8_t gone = 0;

		for (unsigned int n = 0; n < DATA_PAGES; n++) {
			ASSERT_EQ(0, WRITE(0, 5, n));
			ASSERT_EQ(0, WRITE(0, 6, n));
		}
		ASSERT_EQ(0, vf_inv(A, IOTLB, GRANU_ADDR, 5, GUEST_GVA + t[i].page * PG,
				    t[i].pages));
		for (unsigned int n = 0; n < DATA_PAGES; n++) {
			gone |= CACHED(5, n) ? 0 : 1 << n;
			EXPECT_TRUE(CACHED(6, n));
		}
		EXPECT_EQ(POSTED(t[i].posted, t[i].reviewed), gone)
			TH_LOG("page %u, %u pages", t[i].page, t[i].pages);
	}
}

TEST_F(nest, inv_huge_ranges)
{
	struct vf_inv arg = vf_inv_arg(IOTLB, GRANU_ADDR, 5, GUEST_GVA, 1);

	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	/*
	 * 2^70 bytes: as reviewed never a smaller flush; as posted the product wraps to 0 (DF18).
	 */
	ASSERT_EQ(0, WRITE(0, 5, 0));
	ASSERT_EQ(0, WRITE(0, 5, 3));
	arg.info.granu.addr_info.granule_size = 1ull << 40;
	arg.info.granu.addr_info.nb_granules = 1ull << 30;
	EXPECT_EQ(0, vf_nesting(A, &arg));
	EXPECT_FALSE(CACHED(5, 0));
	EXPECT_EQ(self->posted, CACHED(5, 3));
	/* To the end of the address space and behind. */
	ASSERT_EQ(0, WRITE(0, 5, 0));
	arg.info.granu.addr_info.nb_granules = 1ull << 23;
	EXPECT_EQ(0, vf_nesting(A, &arg));
	EXPECT_FALSE(CACHED(5, 0));
	EXPECT_FALSE(CACHED(5, 3));
	/* 2M x 1 */
	ASSERT_EQ(0, WRITE(0, 5, 0));
	ASSERT_EQ(0, WRITE(0, 5, 7));
	arg.info.granu.addr_info.granule_size = 1 << 21;
	arg.info.granu.addr_info.nb_granules = 1;
	EXPECT_EQ(0, vf_nesting(A, &arg));
	EXPECT_FALSE(CACHED(5, 0));
	EXPECT_FALSE(CACHED(5, 7));
}

/* INV_STALE_WITHOUT_FLUSH: the old translation is used until it is invalidated, and never after. */
TEST_F(nest, stale_until_flushed)
{
	ASSERT_EQ(5, vf_alloc(A, 5, 5));
	ASSERT_EQ(0, vf_bind(A, 5, self->root));
	ASSERT_EQ(0, WRITE(0, 5, 0));
	vf_set_pte(&self->guest, self->root, GUEST_GVA, 0);
	EXPECT_EQ(0, WRITE(0, 5, 0));
	BYTES(0) = 0;
	EXPECT_EQ(0, vf_inv(A, IOTLB, GRANU_ADDR, 5, GUEST_GVA, 1));
	EXPECT_EQ(-EFAULT, WRITE(0, 5, 0));
	EXPECT_EQ(0, BYTES(0));
}

/*
 * ABUSE_FUZZ_STRUCTS: structs out of numbers that mean something somewhere. Whatever they do, the
 * errno is a documented one, and the fixture's teardown finds nothing left.
 */
static uint64_t interesting(uint64_t *seed)
{
	static const uint64_t numbers[] = {
		0, 0, 0, 1, 1, 1, 2, 3, 4, 5, 7, 8, 16, 20, 24, 32, 48, 55, 56, 57, 64, 72, 80, 255,
		PG, 1 << 21, GPA_BASE, GPA_BASE + 32 * PG, GUEST_GVA, 0xfffff, 0x100000, 0x7fffffff,
		0x80000000, 1ull << 32, 1ull << 40, 1ull << 63, ~0ull,
	};

	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return numbers[(*seed >> 33) % (sizeof(numbers) / sizeof(numbers[0]))];
}

static bool documented(int rc)
{
	return rc >= 0 || rc == -EINVAL || rc == -EFAULT || rc == -ENOENT || rc == -EACCES ||
	       rc == -EBUSY || rc == -ENOSPC || rc == -EEXIST || rc == -ENOTTY;
}

/* A valid argument of one kind with up to two of its words replaced. */
static void fuzz_arg(uint64_t *seed, unsigned int cmd, uint64_t root, void *arg)
{
	uint32_t op = (uint32_t)interesting(seed) % 3;
	struct vf_bind bind = vf_bind_arg(op, interesting(seed), root);
	struct vf_inv inv = vf_inv_arg((uint8_t)interesting(seed), (uint8_t)interesting(seed),
				       interesting(seed), GUEST_GVA, interesting(seed));
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = 3, .vaddr = interesting(seed),
		.iova = interesting(seed), .size = PG,
	};
	struct vfio_iommu_type1_pasid_request req = {
		.argsz = sizeof(req), .flags = 1 + (op & 1),
		.range = { (uint32_t)interesting(seed), (uint32_t)interesting(seed) },
	};
	bool use_inv = op == VFIO_IOMMU_NESTING_OP_CACHE_INVLD;
	size_t size = cmd == VFIO_IOMMU_PASID_REQUEST ? sizeof(req) :
		      cmd == VFIO_IOMMU_MAP_DMA ? sizeof(map) :
		      use_inv ? sizeof(inv) : sizeof(bind);
	const void *from = cmd == VFIO_IOMMU_PASID_REQUEST ? (void *)&req :
			   cmd == VFIO_IOMMU_MAP_DMA ? (void *)&map :
			   use_inv ? (void *)&inv : (void *)&bind;

	memcpy(arg, from, size);
	for (uint64_t n = interesting(seed) % 3; n; n--) {
		uint32_t word = (uint32_t)interesting(seed);

		memcpy((uint8_t *)arg + (*seed >> 40) % (size / 4) * 4, &word, sizeof(word));
	}
}

TEST_F(nest, fuzz)
{
	static const unsigned int cmds[] = {
		VFIO_IOMMU_PASID_REQUEST, VFIO_IOMMU_NESTING_OP, VFIO_IOMMU_NESTING_OP,
		VFIO_IOMMU_MAP_DMA,
	};
	uint64_t seed = 7, arg[16];
	unsigned int succeeded[4] = { 0 };

	for (unsigned int i = 0; i < 20000; i++) {
		struct vf_user *u = interesting(&seed) & 1 ? &self->a : &self->b;
		unsigned int which = i % 4;
		int rc;

		memset(arg, 0, sizeof(arg));
		fuzz_arg(&seed, cmds[which], self->root, arg);
		rc = iommu_ref_ioctl(u->proc, u->container, cmds[which], arg);
		/* As posted 2^31 comes back as a negative number (DF4). */
		ASSERT_TRUE(documented(rc) || (self->posted && rc == (int)0x80000000))
			TH_LOG("step %u: %d", i, rc);
		succeeded[which] += rc >= 0;
		vf_dma_write(self->ref, i % 4, i % 8, GUEST_GVA, i);
	}
	for (unsigned int i = 0; i < 3; i++)
		EXPECT_LT(100, succeeded[i]);
}

/* ---- known-bad variants of this part, each with its own symptom and no other */

struct world {
	struct iommu_ref *ref;
	struct vf_user a, b;
	struct vf_guest g;
	uint64_t root;
};

static int world_create(struct world *w, const char *defect)
{
	struct iommu_ref_config cfg;
	int rc;

	iommu_ref_config_init(&cfg, IOMMU_REF_VTD);
	cfg.defect = defect;
	w->ref = vf_machine(&cfg);
	rc = w->ref ? vf_guest_create(&w->g) : -EINVAL;
	if (!rc)
		rc = vf_user_create(w->ref, 1, NESTING, &w->a);
	if (!rc)
		rc = vf_user_create(w->ref, 2, NESTING, &w->b);
	if (!rc)
		rc = vf_map(w->a.proc, w->a.container, GPA_BASE, w->g.mem, GUEST_PAGES * PG, VF_RW);
	w->root = rc ? 0 : build_table(&w->g);
	return rc;
}

static bool reaches(struct world *w, int pasid)
{
	return !vf_dma_write(w->ref, 0, (uint32_t)pasid, GUEST_GVA, 1);
}

/* The first rule that does not hold; "": all hold. */
static const char *symptom(struct world *w)
{
	struct iommu_ref_proc *p = w->a.proc;
	int c = w->a.container, second, group;

	if (vf_alloc(w->b.proc, w->b.container, 9, 9) != 9 || vf_bind(p, c, 9, w->root) != -EACCES)
		return "FOREIGN_PASID_ACCEPTED";
	vf_alloc(p, c, 10, 10);
	vf_alloc(p, c, 11, 11);
	vf_bind(p, c, 10, w->root);
	vf_bind(p, c, 11, w->root);
	if (vf_bind(p, c, 10, w->root) != -EBUSY || !reaches(w, 10))
		return "DOUBLE_BIND_TEARS_DOWN";
	vf_inv(p, c, IOTLB | DEV, GRANU_PASID, 10, 0, 0);
	if (!vf_cached(w->ref, 0, 10, GUEST_GVA))
		return "INV_PARTIAL";
	vf_unbind(p, c, 10);
	if (!reaches(w, 11))
		return "UNBIND_TEARS_DOWN_OTHERS";
	vf_free(p, c, 11, 11);
	if (reaches(w, 11))
		return "FREE_KEEPS_BINDING";
	second = iommu_ref_open(p, "/dev/vfio/vfio", 0);
	group = vf_open_group(p, 3);
	vf_set_container(p, group, second);
	vf_set_iommu(p, second, NESTING);
	if (vf_free(p, second, 10, 10) || vf_alloc(p, second, 10, 10) != 10)
		return "QUOTA_PER_CONTAINER";
	return "";
}

FIXTURE(defect)
{
	struct world w;
};

FIXTURE_VARIANT(defect)
{
	const char *name;
};

FIXTURE_VARIANT_ADD(defect, none) { .name = NULL };
FIXTURE_VARIANT_ADD(defect, foreign_pasid_accepted) { .name = "FOREIGN_PASID_ACCEPTED" };
FIXTURE_VARIANT_ADD(defect, double_bind_tears_down) { .name = "DOUBLE_BIND_TEARS_DOWN" };
FIXTURE_VARIANT_ADD(defect, inv_partial) { .name = "INV_PARTIAL" };
FIXTURE_VARIANT_ADD(defect, unbind_tears_down_others) { .name = "UNBIND_TEARS_DOWN_OTHERS" };
FIXTURE_VARIANT_ADD(defect, free_keeps_binding) { .name = "FREE_KEEPS_BINDING" };
FIXTURE_VARIANT_ADD(defect, quota_per_container) { .name = "QUOTA_PER_CONTAINER" };

FIXTURE_SETUP(defect)
{
	ASSERT_EQ(0, world_create(&self->w, variant->name));
}

FIXTURE_TEARDOWN(defect)
{
	iommu_ref_destroy(self->w.ref);
	munmap(self->w.g.mem, GUEST_PAGES * PG);
}

TEST_F(defect, only_its_own_symptom)
{
	EXPECT_STREQ(variant->name ? variant->name : "", symptom(&self->w));
}

TEST_HARNESS_MAIN
