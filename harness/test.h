/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test file includes: the kernel's kselftest_harness.h, and on top of it citing of
 * requirements, fixture set-up on a subject, and assertions that explain themselves.
 *
 *	FIXTURE(bind) { struct cts *c; ... };
 *	CTS_VARIANTS_SEMANTIC(bind);
 *	FIXTURE_SETUP(bind) { CTS_SETUP(self->c); ... }
 *	FIXTURE_TEARDOWN(bind) { cts_end(self->c); }
 *	CTS_TEST_F(bind, double_keeps_first, "BIND_DOUBLE_KEEPS_FIRST")
 *	{
 *		...
 *		CTS_EXPECT_RC("BIND_DOUBLE_KEEPS_FIRST", __cts_bind(...));
 *	}
 *	CTS_SUITE("nesting", "nesting/bind");
 *
 * The fixture's first member is `struct cts *c`, a variant's is `struct cts_variant v`. A test
 * whose requirements do not hold in the variant's profile is not-applicable before its body runs.
 */
#ifndef CTS_TEST_H
#define CTS_TEST_H

#include <kselftest_harness.h>
#include "check.h"
#include "requirement.h"

/*
 * 6.12's TEST() makes a function with an unused parameter in our file; gcc knows that it is the
 * header's.
 */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wunused-parameter"
#endif

#define CTS_VARIANT_ADD(fixture, name, profile_, arch_) \
	FIXTURE_VARIANT_ADD(fixture, name) { .v = { .profile = profile_, .arch = arch_ } }

/* Every uAPI that can do the semantic verbs, on every architecture it can describe. */
#define CTS_VARIANTS_SEMANTIC(fixture) \
	FIXTURE_VARIANT(fixture) { struct cts_variant v; }; \
	CTS_VARIANT_ADD(fixture, vfio_v7_vtd, CTS_V7_REVIEWED, CTS_VTD); \
	CTS_VARIANT_ADD(fixture, iommufd_vtd, CTS_IOMMUFD, CTS_VTD); \
	CTS_VARIANT_ADD(fixture, iommufd_smmuv3, CTS_IOMMUFD, CTS_SMMUV3)
#define CTS_VARIANTS_IOMMUFD(fixture) \
	FIXTURE_VARIANT(fixture) { struct cts_variant v; }; \
	CTS_VARIANT_ADD(fixture, iommufd_vtd, CTS_IOMMUFD, CTS_VTD); \
	CTS_VARIANT_ADD(fixture, iommufd_smmuv3, CTS_IOMMUFD, CTS_SMMUV3)
#define CTS_VARIANTS_V7(fixture) \
	FIXTURE_VARIANT(fixture) { struct cts_variant v; }; \
	CTS_VARIANT_ADD(fixture, vfio_v7_vtd, CTS_V7_REVIEWED, CTS_VTD); \
	CTS_VARIANT_ADD(fixture, vfio_v7_posted_vtd, CTS_V7_POSTED, CTS_VTD)

/* In FIXTURE_SETUP: open the subject, or skip with the reason as outcome. */
#define CTS_SETUP(c_) do { \
	(c_) = cts_begin(&variant->v); \
	if (cts_skip_reason(c_)) \
		SKIP(return, "%s", cts_skip_reason(c_)); \
} while (0)

/* The same on a machine to order: a `const struct cts_machine` that outlives the test. */
#define CTS_SETUP_ON(c_, machine_) do { \
	(c_) = cts_begin_on(&variant->v, machine_); \
	if (cts_skip_reason(c_)) \
		SKIP(return, "%s", cts_skip_reason(c_)); \
} while (0)

/* Out of a test body or set-up with an outcome of design.md: CTS_SKIP(NOT_SUPPORTED, "..."). */
#define CTS_SKIP(outcome_, fmt, ...) \
	SKIP(return, "%s: " fmt, cts_outcome_name(CTS_##outcome_), ##__VA_ARGS__)

#define CTS_TEST_F(fixture, test, ...) \
	static const char *const cts_ids_##fixture##_##test[] = { __VA_ARGS__, NULL }; \
	static const struct cts_cite cts_cite_##fixture##_##test = { \
		__FILE__, #fixture, #test, cts_ids_##fixture##_##test }; \
	static const struct cts_cite *const cts_cite_p_##fixture##_##test \
		__attribute__((used, retain, section("cts_cites"))) = \
			&cts_cite_##fixture##_##test; \
	static void cts_body_##fixture##_##test(struct __test_metadata *_metadata, \
		FIXTURE_DATA(fixture) *self, const FIXTURE_VARIANT(fixture) *variant); \
	TEST_F(fixture, test) \
	{ \
		const char *why = cts_inapplicable(self->c, cts_ids_##fixture##_##test); \
		if (why) \
			SKIP(return, "%s", why); \
		cts_body_##fixture##_##test(_metadata, self, variant); \
		why = cts_damage(self->c); \
		bool memory_intact = !why; \
		EXPECT_TRUE(memory_intact) TH_LOG("%s", why); \
	} \
	static void cts_body_##fixture##_##test( \
		struct __test_metadata __attribute__((unused)) *_metadata, \
		FIXTURE_DATA(fixture) __attribute__((unused)) *self, \
		const FIXTURE_VARIANT(fixture) __attribute__((unused)) *variant)

/*
 * Assertions. CTS_EXPECT_* goes on after a failure, CTS_ASSERT_* ends the test. @id is a
 * requirement; where it is not promised in the variant's profile and version, nothing is judged.
 *
 * The end by ASSERT writes the record at once: 6.12's header keeps which process it is in a local
 * variable across setjmp(), which an optimising compiler may lose, and the teardown with it.
 */
#define CTS_VERDICT_(expect, ends, msg_) do { \
	const char *cts_msg_ = cts_verdict(self->c, msg_, ends); \
	bool promise_kept = !cts_msg_; \
	expect(promise_kept) TH_LOG("%s", cts_msg_); \
} while (0)
#define CTS_EXPECT_(msg_) CTS_VERDICT_(EXPECT_TRUE, false, msg_)
#define CTS_ASSERT_(msg_) CTS_VERDICT_(ASSERT_TRUE, true, msg_)
#define CTS_EXPECT_RC(id, rc) CTS_EXPECT_(cts_check_rc(self->c, id, rc))
#define CTS_ASSERT_RC(id, rc) CTS_ASSERT_(cts_check_rc(self->c, id, rc))
#define CTS_EXPECT_ERRNO(id, rc, ...) CTS_EXPECT_(cts_check_set(self->c, id, rc, \
	(const int[]){ __VA_ARGS__ }, sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int)))
#define CTS_ASSERT_ERRNO(id, rc, ...) CTS_ASSERT_(cts_check_set(self->c, id, rc, \
	(const int[]){ __VA_ARGS__ }, sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int)))
#define CTS_EXPECT_OK(id, rc) CTS_EXPECT_ERRNO(id, rc, 0)
#define CTS_ASSERT_OK(id, rc) CTS_ASSERT_ERRNO(id, rc, 0)
#define CTS_EXPECT_EQ(id, want, seen) CTS_EXPECT_( \
	cts_check_eq(self->c, id, #seen, (uint64_t)(want), (uint64_t)(seen)))
#define CTS_ASSERT_EQ(id, want, seen) CTS_ASSERT_( \
	cts_check_eq(self->c, id, #seen, (uint64_t)(want), (uint64_t)(seen)))
#define CTS_ASSERT_TRUE(id, cond, ...) CTS_ASSERT_( \
	cts_check_true(self->c, id, cond, __VA_ARGS__))
#define CTS_EXPECT_TRUE(id, cond, ...) CTS_EXPECT_( \
	cts_check_true(self->c, id, cond, __VA_ARGS__))

/*
 * A precondition that is not itself a promise: when it does not hold the test is `broken`, not
 * failed. CTS_PRE(rc) for calls (>= 0 is good), CTS_PRE_TRUE(cond).
 */
#define CTS_PRE(rc_) do { \
	long cts_rc_ = (rc_); \
	if (cts_rc_ < 0) { \
		cts_broken(self->c, __FILE__, __LINE__, #rc_, cts_rc_); \
		ASSERT_GE(cts_rc_, 0) TH_LOG("broken: %s", cts_last_call(self->c)); \
	} \
} while (0)
#define CTS_PRE_TRUE(cond_) do { \
	bool cts_ok_ = (cond_); \
	if (!cts_ok_) { \
		cts_broken(self->c, __FILE__, __LINE__, #cond_, 0); \
		ASSERT_TRUE(cts_ok_); \
	} \
} while (0)

/* At the end of a test file. */
#define CTS_SUITE(area_, name_) \
	static void cts_suite_each_(void (*fn)(void *, const struct cts_suite_test *), void *arg) \
	{ \
		for (struct __fixture_metadata *f = __fixture_list; f; f = f->next) \
			for (struct __test_metadata *t = f->tests; t; t = t->next) { \
				struct cts_suite_test one = { f->name, "", t->name, NULL }; \
				if (!f->variant) \
					fn(arg, &one); \
				for (struct __fixture_variant_metadata *v = f->variant; v; \
				     v = v->next) { \
					/* struct cts_variant is first in every variant here */ \
					one.variant = v->name; \
					one.v = v->data; \
					fn(arg, &one); \
				} \
			} \
	} \
	static int cts_suite_run_(int argc, char **argv) \
	{ \
		int rc = cts_environment(); \
		const char *limit = getenv("CTS_TIMEOUT"); \
		for (struct __fixture_metadata *f = __fixture_list; limit && f; f = f->next) \
			for (struct __test_metadata *t = f->tests; t; t = t->next) \
				t->timeout = atoi(limit); \
		return rc ? rc : test_harness_run(argc, argv); \
	} \
	static const struct cts_suite cts_suite_ = { \
		name_, area_, cts_suite_run_, cts_suite_each_ }; \
	static const struct cts_suite *const cts_suite_p_ \
		__attribute__((used, retain, section("cts_suites"))) = &cts_suite_

#endif
