"""Every address of the platform's pages. A domain's own come from its views.yaml."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from fenhe.app import health, metrics
from fenhe.app.api import build as api
from fenhe.app.hooks import ics
from fenhe.app.sta import views as sensorthings
from fenhe.app.web import (
    account,
    alarm_page,
    alarms,
    attachments,
    audit,
    cases,
    deadlines,
    domain_pages,
    dossier,
    editing,
    errors,
    explain,
    frames,
    home,
    hooks,
    imports,
    lists,
    map,
    palette,
    people,
    preferences,
    public,
    publications,
    recompute,
    registration,
    screen,
    search,
    series,
    sign_in,
    standards,
    walls,
)
from fenhe.app.web.render import for_people, for_signed_in

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health.ready),
    path("health/ready", health.ready),
    path("health/live", health.live),
    path("metrics", metrics.show),
    path("", for_signed_in(home.go)),
    path("preferences", preferences.change),
    re_path(r"^palette-(?P<palette>official|safe)\.css$", palette.serve),
    path("sign-in", sign_in.enter),
    path("sign-in/second", sign_in.second),
    path("sign-in/enrol", sign_in.enrol),
    path("sign-in/provider", sign_in.go_to_provider),
    path("sign-in/provider/back", sign_in.from_provider),
    path("sign-in/<str:token>", sign_in.enter),
    path("sign-out", sign_in.leave),
    path("standards", for_people(standards.show)),
    path("deadlines", for_people(deadlines.show), name="deadlines"),
    path("explain/<int:pk>", for_people(explain.verdict), name="explain"),
    path(
        "explain/reading/<int:series>/<str:start>",
        for_people(explain.reading),
        name="explain-reading",
    ),
    *frames.routes(),
    path("bulletins", for_people(publications.listing), name="publications"),
    path("bulletins/draft", for_people(publications.draft), name="publication-draft"),
    path("bulletins/<int:pk>", for_people(publications.show), name="publication"),
    path(
        "bulletins/<int:pk>/publish", for_people(publications.publish), name="publication-publish"
    ),
    re_path(
        r"^bulletins/(?P<pk>\d+)\.(?P<form>pdf|docx)$",
        for_people(publications.document),
        name="publication-document",
    ),
    path("alarms", for_people(alarms.listing), name="alarms"),
    path("alarms/act", for_people(alarms.act), name="alarms-act"),
    path("alarms/<int:pk>", for_people(alarm_page.show), name="alarm"),
    path("alarms/<int:pk>/<str:verb>", for_people(alarm_page.act), name="alarm-act"),
    path("audit", for_signed_in(audit.show), name="audit"),
    path("audit.csv", for_signed_in(audit.table), name="audit-table"),
    path("audit/verify", for_signed_in(audit.verify), name="audit-verify"),
    path("screen", walls.for_wall(screen.show), name="screen"),
    path("screen/now", walls.for_wall(screen.now), name="screen-now"),
    path("recompute", for_people(recompute.ask), name="recompute"),
    path("import", for_people(imports.show), name="import"),
    path("import/check", for_people(imports.check), name="import-check"),
    re_path(
        r"^import/template/(?P<profile>[a-z0-9_-]+)\.(?P<kind>csv|xlsx)$",
        for_people(imports.form),
        name="import-form",
    ),
    path("import/objects/check", for_people(registration.check), name="registration-check"),
    path("import/objects/commit", for_people(registration.commit), name="registration-commit"),
    path(
        "import/objects/<str:kind>.csv", for_people(registration.table), name="registration-table"
    ),
    path("import/<str:pk>", for_people(imports.report), name="import-report"),
    path("import/<str:pk>/commit", for_people(imports.commit), name="import-commit"),
    *account.routes(),
    *attachments.routes(),
    *people.routes(),
    *walls.routes(),
    *hooks.routes(),
    *api.routes(),
    *sensorthings.routes(),
    *ics.routes(),
    *cases.routes(),
    *editing.routes(),
    *lists.routes(),
    *dossier.routes(),
    *series.routes(),
    *map.routes(),
    *public.routes(),
    *search.routes(),
    *domain_pages.routes(),
]

handler404 = errors.not_found
