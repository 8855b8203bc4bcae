"""The pages of cases: lists and boards, one case, opening one, its documents, the procedures."""

from __future__ import annotations

from django.urls import URLPattern, path

from fenhe.app.web.cases import (
    acting,
    duplicates,
    listing,
    obligations,
    papers,
    procedures,
    progress,
    showing,
    starting,
    statistics,
)
from fenhe.app.web.render import for_people


def routes() -> list[URLPattern]:
    return [
        path("cases", for_people(listing.show), name="cases"),
        path("cases/board", for_people(listing.board), name="cases-board"),
        path("cases/mine", for_people(listing.mine), name="cases-mine"),
        path("cases/duplicates", for_people(duplicates.show), name="cases-duplicates"),
        path("cases/statistics", for_people(statistics.show), name="cases-statistics"),
        path("cases/new", for_people(starting.choose), name="case-new"),
        path("cases/new/<str:procedure>", for_people(starting.begin), name="case-begin"),
        path("cases/<int:pk>", for_people(showing.show), name="case"),
        path("cases/<int:pk>/take/<str:step>", for_people(acting.take), name="case-take"),
        path("cases/<int:pk>/merge", for_people(acting.merge), name="case-merge"),
        path("cases/<int:pk>/child/<str:procedure>", for_people(acting.child), name="case-child"),
        path("cases/<int:pk>/photo/<str:content>", for_people(papers.photo), name="case-photo"),
        path("cases/document/<int:pk>", for_people(papers.preview), name="case-document"),
        path("cases/document/<int:pk>.docx", for_people(papers.docx), name="case-docx"),
        path("cases/document/<int:pk>/signed", for_people(papers.signed), name="case-signed"),
        path("obligations", for_people(obligations.show), name="obligations"),
        *progress.routes(),
        path("procedures", for_people(procedures.listing), name="procedures"),
        path("procedures/<str:id>", for_people(procedures.show), name="procedure"),
    ]
