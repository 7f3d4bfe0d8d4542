"""What a card of schema 2.0 may hold: components, their attributes, and the words some attributes take.

From the component pages of the official documentation, "飞书卡片 > 卡片 JSON 2.0 结构" (read 2026-11-22). Attributes
that the pages call historic but still list are in; what is in no page is out, since unknown properties are refused.
"""

from __future__ import annotations

from collections.abc import Mapping

_LAYOUT = "direction padding horizontal_spacing horizontal_align vertical_spacing vertical_align"
_PICKER = "name required disabled width behaviors placeholder confirm value"
_SELECT = f"{_PICKER} type options"
_EVERYWHERE = "tag element_id margin fallback"


def _names(*words: str) -> frozenset[str]:
    return frozenset(" ".join(words).split())


COMPONENTS: Mapping[str, frozenset[str]] = {
    tag: _names(_EVERYWHERE, attributes)
    for tag, attributes in {
        "div": "text icon width fields",
        "markdown": "content i18n_content text_size text_align icon href",
        "hr": "",
        "img": "img_key i18n_img_key alt title corner_radius scale_type size transparent preview mode custom_width "
        "compact_width",
        "img_combination": "combination_mode combination_transparent corner_radius img_list",
        "person": "size user_id show_avatar show_name style",
        "person_list": "drop_invalid_user_id lines show_name show_avatar size persons icon ud_icon",
        "chart": "aspect_ratio color_theme chart_spec preview height",
        "table": "page_size row_height row_max_height freeze_first_column header_style columns rows",
        "audio": "file_key i18n_file_key audio_id disabled disabled_tips show_progress_bar show_time time_display "
        "time_position border style padding background_style fill_color width",
        "column_set": "horizontal_spacing horizontal_align flex_mode background_style action columns",
        "column": f"{_LAYOUT} background_style width weight action elements",
        "form": f"{_LAYOUT} name elements",
        "interactive_container": f"{_LAYOUT} width height background_style has_border border_color corner_radius "
        "behaviors disabled disabled_tips confirm hover_tips elements",
        "collapsible_panel": f"{_LAYOUT} expanded background_color header border elements",
        "button": "type size width text icon hover_tips disabled disabled_tips confirm behaviors name value required "
        "form_action_type action_type",
        "input": f"{_PICKER} default_value disabled_tips max_length input_type rows auto_resize max_rows show_icon "
        "label label_position",
        "select_static": f"{_SELECT} initial_option initial_index",
        "multi_select_static": f"{_SELECT} selected_values",
        "select_person": f"{_SELECT} initial_option",
        "multi_select_person": f"{_SELECT} selected_values",
        "date_picker": f"{_PICKER} initial_date",
        "picker_time": f"{_PICKER} initial_time",
        "picker_datetime": f"{_PICKER} initial_datetime",
        "select_img": f"{_SELECT} multi_select layout can_preview aspect_ratio disabled_tips style",
        "overflow": "width options behaviors confirm value",
        "checker": "name checked text overall_checkable button_area checked_style padding confirm behaviors hover_tips "
        "disabled disabled_tips",
    }.items()
}

GONE_FROM_V2 = frozenset({"action", "note"})
CONTAINERS = frozenset({"form", "column_set", "interactive_container", "collapsible_panel"})
INPUTS = frozenset(
    {"input", "select_static", "multi_select_static", "select_person", "multi_select_person", "date_picker"}
    | {"picker_time", "picker_datetime", "select_img", "checker"}
)
NAMED = INPUTS | {"button"}
TEXTS = frozenset({"plain_text", "lark_md"})

TEXT_ATTRIBUTES = _names("tag content i18n_content text_size text_color text_align lines element_id")
ICON_ATTRIBUTES = _names("tag token color img_key size")
CARD_ATTRIBUTES = _names("schema config card_link header body")
CONFIG_ATTRIBUTES = _names(
    "streaming_mode streaming_config summary locales enable_forward update_multi width_mode use_custom_translation",
    "enable_forward_interaction style",
)
HEADER_ATTRIBUTES = _names("title subtitle text_tag_list i18n_text_tag_list template icon padding")
PANEL_HEADER_ATTRIBUTES = _names(
    "title background_color vertical_align padding position width icon icon_position icon_expanded_angle"
)
CONFIRM_ATTRIBUTES = _names("title text")
LINK_ATTRIBUTES = _names("url android_url ios_url pc_url")
BODY_ATTRIBUTES = _names(_LAYOUT, "elements")
TEXT_TAG_ATTRIBUTES = _names("tag element_id text color")
BEHAVIORS: Mapping[str, frozenset[str]] = {
    "open_url": _names("type default_url android_url ios_url pc_url"),
    "callback": _names("type value"),
}

WORDS: Mapping[tuple[str, str], frozenset[str]] = {
    ("button", "type"): _names(
        "default primary danger text primary_text danger_text primary_filled danger_filled laser"
    ),
    ("button", "size"): _names("tiny small medium large"),
    ("button", "form_action_type"): _names("submit reset"),
    ("button", "action_type"): _names("link request multi form_submit form_reset"),
    ("input", "input_type"): _names("text multiline_text password"),
    ("input", "label_position"): _names("top left"),
    ("chart", "aspect_ratio"): _names("1:1 2:1 4:3 16:9"),
    ("chart", "color_theme"): _names("brand rainbow complementary converse primary"),
}
TEMPLATES = _names("blue wathet turquoise green yellow orange red carmine violet purple indigo grey default")
WIDTHS = _names("default compact fill")
CHARTS = _names("line area bar pie common funnel scatter radar gauge wordCloud linearProgress circularProgress")

MOST_ELEMENTS = 200
MOST_TABLES = 5
MOST_CONTAINERS_DEEP = 5
MOST_TEXT_TAGS = 3
LONGEST_INPUT = 1000
LONGEST_PLACEHOLDER = 100
