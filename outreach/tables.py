"""Every mapped table, gathered for the migrations."""

from __future__ import annotations

from outreach.attendance import tables as attendance
from outreach.attention import run_tables as runs
from outreach.attention import tables as attention
from outreach.cases import call_tables as calls
from outreach.cases import clerk_tables as clerk
from outreach.cases import danger_tables as danger
from outreach.cases import family_tables as proposals
from outreach.cases import help_tables as helping
from outreach.cases import inbox_tables as inbox
from outreach.cases import language_tables as speaking
from outreach.cases import mentor_tables as mentors
from outreach.cases import resource_tables as resources
from outreach.cases import routing_tables as routing
from outreach.cases import shared_tables as shared
from outreach.cases import survey_tables as surveys
from outreach.cases import tables as cases
from outreach.cases import team_tables as team
from outreach.consent import tables as consent
from outreach.database import Base
from outreach.delivery import family_tables as family
from outreach.delivery import instance_tables as instance
from outreach.delivery import letter_tables as letters
from outreach.delivery import mail_house_tables as mail_house
from outreach.delivery import mail_tables as mail
from outreach.delivery import tables as delivery
from outreach.district import tables as district
from outreach.evidence import goal_tables as goals
from outreach.evidence import packet_tables as packets
from outreach.evidence import snapshot_tables as snapshots
from outreach.feeds import tables as feeds
from outreach.messages import bench_tables as bench
from outreach.messages import tables as messages
from outreach.planning import campaign_tables as campaigns
from outreach.planning import study_tables as studies
from outreach.planning import tables as planning
from outreach.records import keeping_tables as holding
from outreach.records import tables as records
from outreach.replies import tables as replies
from outreach.staff import oncall_tables as oncall
from outreach.staff import tables as staff
from outreach.thresholds import tables as thresholds
from outreach.thresholds import version_tables as policies
from outreach.translation import tables as translation

TABLES = (
    attendance,
    attention,
    bench,
    calls,
    campaigns,
    cases,
    clerk,
    consent,
    danger,
    delivery,
    district,
    family,
    feeds,
    goals,
    helping,
    holding,
    inbox,
    instance,
    letters,
    mail,
    mail_house,
    mentors,
    messages,
    oncall,
    packets,
    planning,
    policies,
    proposals,
    records,
    replies,
    resources,
    routing,
    runs,
    shared,
    snapshots,
    speaking,
    staff,
    studies,
    surveys,
    team,
    thresholds,
    translation,
)
metadata = Base.metadata
