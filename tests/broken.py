"""A broken spec, and what it is once an author has mended it in an editor: the same in every editor.

It is full of accents and of emoji outside the Basic Multilingual Plane, so that a column counted in a wrong unit shows.
"""

from __future__ import annotations

SPEC = """\
# Päckchen 📦 kommen später

| Metadata | Value |
| :--- | :--- |
| **Spec ID** | `SPEC-031` |
| **🚦 Status** | Dra |
| **Owner** | @zoë |
| **Approvers** | @adaeze, @jürgen-b |
| **Target Date** | 2029-06-29 |
| **Epic/Ticket** | [BILL-212](https://tracker.example/BILL-212) |

## 1. Context & Problem Statement
Die Hälfte aller Anrufe am Montag 📞 fragt nach einem Päckchen.

## 2. Goals & Non-Goals
### Goals
- [ ] Wer wartet 🙋🏽, erfährt es vor dem Mittag.

## 3. User Stories & Acceptance Criteria
### Story 1: As a customer 🧍, I want to hear of a delay, so that I need not wait.
**Acceptance Criteria:**
- [ ] Verify that the message names the new day 📅.
- [ ] Error case: without a new day, the message says so.

## 4. Technical Design
### Architecture & Components
A consumer of the carrier's events 🚚 writes alerts.

### Dependencies
- **Services**: carrier-events
- **Schemas**: DeliveryEvent v3
- **UI Components**: none
- **Vendors**: none

### API Changes
None.

### Data Model Changes
None.

## 5. Rollout Plan
- **Feature Flags**: `delivery_alerts`
- **Cohorts**: Internal -> Beta -> GA
- **Telemetry**: `delivery_alert_sent_total`
- **Rollback Criteria**: If error rate > 1%, disable flag.

## 6. Support Plan
- **Runbooks**: https://wiki.example/runbooks/alerts
- **Macros**: "Where is my parcel?"
- **Diagnostics**: the alert's id is in every log line
- **Known Issues**: none

## 7. Security & Compliance
- [ ] PII review completed?
- [ ] OPA policies updated?
- [ ] Audit logs implemented?

## 8. Review & Sign-off
- [ ] Tech Lead Approval
- [ ] Product Approval
- [ ] Security Approval (if needed)
"""
"""The status is half typed, and the section Non-Goals is missing."""

STATUS = "| **🚦 Status** | Dra |"
"""The line of the half typed status; `Draft` completes it."""

ASKED = "Die Hälfte aller Anrufe am Montag 📞 fragt nach einem Päckchen."
"""The line behind which the author writes `TYPED`; `HANDLE` completes that."""
TYPED = " 👋🏽 Frag @j"
HANDLE = "@jürgen-b"

INSERTED = [
    "",
    "### Non-Goals",
    "*Explicitly state what is out of scope to prevent scope creep.*",
    "- [ ] We will not build X yet.",
    "- [ ] We are not solving for Y user group.",
]
"""The section as the template has it."""

MENDED = (
    SPEC.replace(STATUS, "| **🚦 Status** | Draft |")
    .replace(ASKED, ASKED + TYPED.replace("@j", HANDLE))
    .replace("vor dem Mittag.\n", "\n".join(["vor dem Mittag.", *INSERTED, ""]))
)
"""The spec with its status and a handle completed, and the section inserted."""
